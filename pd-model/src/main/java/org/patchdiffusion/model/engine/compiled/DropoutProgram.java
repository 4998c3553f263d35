package org.patchdiffusion.model.engine.compiled;

import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.engine.Dropout;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.Profile;
import org.patchdiffusion.model.engine.Profiled;
import org.patchdiffusion.model.engine.Program;
import org.patchdiffusion.model.engine.compiled.run.CompiledProgram;

/** A program whose kernels draw its dropout masks, and one that takes masks as inputs, made when somebody gives them. */
final class DropoutProgram implements Profiled {
    private final CompiledProgram drawing;
    private final Graph graph;
    private final Engine engine;
    private Program given;

    DropoutProgram(CompiledProgram drawing, Graph graph, Engine engine) {
        this.drawing = drawing;
        this.graph = graph;
        this.engine = engine;
    }

    @Override
    public Map<String, INDArray> forward(Map<String, INDArray> inputs) {
        return choose(inputs).forward(inputs);
    }

    @Override
    public Map<String, INDArray> backward(Map<String, INDArray> inputs, Gradients gradients) {
        return choose(inputs).backward(inputs, gradients);
    }

    @Override
    public Map<String, INDArray> accumulate(Map<String, INDArray> inputs, Gradients gradients) {
        return choose(inputs).accumulate(inputs, gradients);
    }

    private synchronized Program choose(Map<String, INDArray> inputs) {
        if (graph.dropouts().stream().map(Dropout::placeholder).noneMatch(inputs::containsKey)) {
            return drawing;
        }
        if (given == null) {
            given = engine.compile(new Graph(graph.sameDiff(), graph.parameters(), graph.outputs(), graph.loss()));
        }
        return given;
    }

    @Override
    public void draw(long seed, long step, int firstImage) {
        drawing.draw(seed, step, firstImage);
    }

    @Override
    public long bytes() {
        return drawing.bytes();
    }

    @Override
    public void profile(Profile profile) {
        drawing.profile(profile);
    }

    @Override
    public List<String> foreignOps() {
        return drawing.foreignOps();
    }

    @Override
    public synchronized void close() {
        drawing.close();
        if (given != null) {
            given.close();
        }
    }
}

package org.patchdiffusion.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.MemoryShortageException;
import org.patchdiffusion.model.engine.Program;
import org.patchdiffusion.model.engine.ProgramSet;

/** Computes nothing: gives the losses that a test wants, and a gradient of ones. Counts what is open. */
public final class ScriptedEngine implements Engine {
    private final DoubleSupplier losses;
    public int compiled;
    public int closed;
    boolean isClosed;

    /** Thrown whenever programs are to be compiled; null for none. */
    MemoryShortageException refusal;

    /** The steps whose masks were drawn. */
    final List<Long> drawn = new ArrayList<>();

    /** Where in the batch the images began that masks were drawn for. */
    public final List<Integer> firstImages = new ArrayList<>();

    public ScriptedEngine(DoubleSupplier losses) {
        this.losses = losses;
    }

    @Override
    public String name() {
        return "scripted";
    }

    @Override
    public Program compile(Graph graph) {
        compiled++;
        return new Program() {
            @Override
            public Map<String, INDArray> forward(Map<String, INDArray> inputs) {
                // A denoiser leaves the noise in.
                return inputs.containsKey("x")
                        ? Map.of("D", inputs.get("x"))
                        : Map.of("loss", Nd4j.scalar((float) losses.getAsDouble()));
            }

            @Override
            public Map<String, INDArray> backward(Map<String, INDArray> inputs, Gradients gradients) {
                gradients.parts().forEach(part -> part.assign(1));
                return forward(inputs);
            }

            @Override
            public Map<String, INDArray> accumulate(Map<String, INDArray> inputs, Gradients gradients) {
                gradients.parts().forEach(part -> part.addi(1));
                return forward(inputs);
            }

            @Override
            public void draw(long seed, long step, int firstImage) {
                drawn.add(step);
                firstImages.add(firstImage);
            }

            @Override
            public long bytes() {
                return 0;
            }

            @Override
            public void close() {
                closed++;
            }
        };
    }

    @Override
    public ProgramSet compile(List<Graph> graphs) {
        if (refusal != null) {
            throw refusal;
        }
        return ProgramSet.each(graphs, this::compile);
    }

    @Override
    public Gradients newGradients(ParameterLayout layout) {
        return Gradients.zeros(layout, 1);
    }

    @Override
    public Gradients newAccumulator(ParameterLayout layout) {
        return newGradients(layout);
    }

    @Override
    public int threads() {
        return 1;
    }

    @Override
    public void close() {
        isClosed = true;
    }
}

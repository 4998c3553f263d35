package org.patchdiffusion.train.step;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.Program;
import org.patchdiffusion.model.engine.ProgramSet;

/**
 * Runs the loss graph of a model. The programs of the shapes that a run has are compiled at once and share their memory;
 * another shape gets a program when it first occurs.
 */
final class GraphGradients implements GradientSource {

    /** Shape of a batch of patches. */
    record Shape(int batch, PatchSize patch) {}

    private final DiffusionModel model;
    private final Engine engine;
    private final long seed;
    private final Map<Shape, Program> programs = new HashMap<>();

    /**
     * Over the weights of a model.
     *
     * @param engine executes the loss graphs
     * @param seed what dropout masks follow from
     * @param shapes of the batches to come
     * @throws org.patchdiffusion.model.engine.MemoryShortageException if there is not the memory for them
     */
    GraphGradients(DiffusionModel model, Engine engine, long seed, List<Shape> shapes) {
        this.model = model;
        this.engine = engine;
        this.seed = seed;
        ProgramSet set = engine.compile(shapes.stream().map(this::graph).toList());
        for (int i = 0; i < shapes.size(); i++) {
            programs.put(shapes.get(i), set.programs().get(i));
        }
    }

    private Graph graph(Shape shape) {
        return model.lossGraph(
                shape.batch(), shape.patch().height(), shape.patch().width());
    }

    @Override
    public Gradients newGradients() {
        return engine.newGradients(model.parameters().layout());
    }

    @Override
    public Gradients newAccumulator() {
        return engine.newAccumulator(model.parameters().layout());
    }

    @Override
    public BatchLoss compute(TrainBatch batch, long step, Gradients gradients) {
        return loss(programFor(batch, step).backward(batch.inputs(), gradients));
    }

    @Override
    public BatchLoss accumulate(TrainBatch batch, long step, Gradients gradients) {
        return loss(programFor(batch, step).accumulate(batch.inputs(), gradients));
    }

    private static BatchLoss loss(Map<String, INDArray> outputs) {
        INDArray perImage = outputs.get("loss_per_image");
        return new BatchLoss(
                outputs.get("loss").getDouble(0), perImage == null ? new double[0] : perImage.toDoubleVector());
    }

    private Program programFor(TrainBatch batch, long step) {
        Program program =
                programs.computeIfAbsent(new Shape(batch.size(), batch.patch()), shape -> engine.compile(graph(shape)));
        program.draw(seed, step, batch.firstImage());
        return program;
    }

    @Override
    public void close() {
        programs.values().forEach(Program::close);
    }
}

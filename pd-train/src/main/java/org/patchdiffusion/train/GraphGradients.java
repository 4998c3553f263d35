package org.patchdiffusion.train;

import java.util.HashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.Program;

/** Runs the loss graph of a model. Programs are compiled when the shape of their batch first occurs. */
final class GraphGradients implements GradientSource {

    /** Shape of a batch of patches. */
    private record Shape(int batch, PatchSize patch) {}

    private final DiffusionModel model;
    private final Engine engine;
    private final long seed;
    private final Map<Shape, Program> programs = new HashMap<>();

    /**
     * Over the weights of a model.
     *
     * @param engine executes the loss graphs
     * @param seed what dropout masks follow from
     */
    GraphGradients(DiffusionModel model, Engine engine, long seed) {
        this.model = model;
        this.engine = engine;
        this.seed = seed;
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
        Program program = programs.computeIfAbsent(
                new Shape(batch.size(), batch.patch()),
                shape -> engine.compile(model.lossGraph(
                        shape.batch(), shape.patch().height(), shape.patch().width())));
        program.draw(seed, step, batch.firstImage());
        return program;
    }

    @Override
    public void close() {
        programs.values().forEach(Program::close);
    }
}

package org.patchdiffusion.train;

import java.util.HashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.Program;

/**
 * One optimizer step: loss and gradient of a batch, learning rate and averaging weight of the moment, Adam, EMA, and
 * the counters. Programs are compiled when their batch shape first occurs. Not thread-safe.
 */
public final class TrainStep implements AutoCloseable {

    /** Shape of a batch of patches. */
    private record Shape(int batch, PatchSize patch) {}

    private final TrainingState state;
    private final DiffusionModel model;
    private final long seed;
    private final int channels;
    private final Schedule schedule;
    private final Engine engine;
    private final Gradients gradients;
    private final AdamEma optimizer;
    private final Map<Shape, Program> programs = new HashMap<>();

    /**
     * Prepares to train a model.
     *
     * @param model the model, whose parameters are those of the state
     * @param state what the steps change
     * @param engine executes the loss graphs
     */
    public TrainStep(TrainingConfig config, DiffusionModel model, TrainingState state, Engine engine) {
        this.state = state;
        this.model = model;
        this.seed = config.seed();
        this.channels = model.config().channels();
        this.schedule = Schedule.of(config);
        this.engine = engine;
        this.gradients = engine.newGradients(state.parameters().layout());
        this.optimizer = new AdamEma(
                config.optimizer().beta1(),
                config.optimizer().beta2(),
                config.optimizer().epsilon(),
                Runtime.getRuntime().availableProcessors());
    }

    /** Takes a step on a batch, which stays the caller's to close. */
    public StepResult apply(TrainBatch batch) {
        Program program = programFor(batch);
        program.draw(seed, state.steps());
        Map<String, INDArray> outputs = program.backward(batch.inputs(), gradients);
        double loss = outputs.get("loss").getDouble(0);
        long before = state.images();
        double learningRate = schedule.learningRateAt(before);
        optimizer.step(state, gradients, learningRate, schedule.emaBetaAt(before, batch.expectedImages()));
        state.advance(Schedule.counted(batch.expectedImages()));
        return new StepResult(
                state.steps() - 1,
                state.images(),
                batch.patch(),
                batch.size(),
                loss,
                loss
                        / ((double) channels
                                * batch.patch().height()
                                * batch.patch().width()),
                learningRate);
    }

    private Program programFor(TrainBatch batch) {
        Shape shape = new Shape(batch.size(), batch.patch());
        return programs.computeIfAbsent(
                shape,
                s -> engine.compile(
                        model.lossGraph(s.batch(), s.patch().height(), s.patch().width())));
    }

    /** Frees the programs, ends the optimizer's threads, then frees the gradients that both use. */
    @Override
    public void close() {
        programs.values().forEach(Program::close);
        optimizer.close();
        gradients.parts().forEach(INDArray::close);
    }
}

package org.patchdiffusion.train;

import java.util.HashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.Program;

/**
 * One optimizer step: loss and gradient of a batch, learning rate and averaging weight of the moment, Adam, EMA, and
 * the counters. Programs are compiled when their batch shape first occurs. Not thread-safe.
 */
public final class TrainStep implements AutoCloseable {
    private final TrainingState state;
    private final int channels;
    private final Schedule schedule;
    private final Engine engine;
    private final LossGraphs graphs;
    private final Gradients gradients;
    private final AdamEma optimizer;
    private final Map<LossGraphs.Shape, Program> programs = new HashMap<>();

    /**
     * Prepares to train a model.
     *
     * @param model the model, whose parameters are those of the state
     * @param state what the steps change
     * @param engine executes the loss graphs
     */
    public TrainStep(TrainingConfig config, DiffusionModel model, TrainingState state, Engine engine) {
        this(config, model, state, engine, new LossGraphs(model));
    }

    TrainStep(TrainingConfig config, DiffusionModel model, TrainingState state, Engine engine, LossGraphs graphs) {
        this.state = state;
        this.channels = model.config().channels();
        this.schedule = Schedule.of(config);
        this.engine = engine;
        this.graphs = graphs;
        this.gradients = engine.newGradients(state.parameters().layout());
        this.optimizer = new AdamEma(
                config.adamBeta1(),
                config.adamBeta2(),
                config.adamEpsilon(),
                Runtime.getRuntime().availableProcessors());
    }

    /** Takes a step on a batch, which stays the caller's to close. */
    public StepResult apply(TrainBatch batch) {
        Map<String, INDArray> outputs = programFor(batch).backward(batch.inputs(), gradients);
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
        LossGraphs.Shape shape = new LossGraphs.Shape(batch.size(), batch.patch());
        return programs.computeIfAbsent(shape, s -> engine.compile(graphs.get(s)));
    }

    @Override
    public void close() {
        optimizer.close();
        programs.values().forEach(Program::close);
        gradients.parts().forEach(INDArray::close);
    }
}

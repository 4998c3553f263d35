package org.patchdiffusion.train;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Gradients;

/**
 * One step: loss and gradient of a batch, then learning rate and averaging weight of the moment, Adam, EMA, and the
 * counters. Not thread-safe.
 */
public final class TrainStep implements AutoCloseable {
    private final TrainingState state;
    private final int channels;
    private final Schedule schedule;
    private final GradientSource source;
    private final Gradients gradients;
    private final AdamEma optimizer;

    /**
     * Prepares to train a model.
     *
     * @param model what the weights of the state are those of
     * @param state what the steps change
     * @param engine executes the loss graphs; the optimizer takes as many threads
     */
    public TrainStep(TrainingConfig config, ModelConfig model, TrainingState state, Engine engine) {
        this.state = state;
        this.channels = model.channels();
        this.schedule = Schedule.of(config);
        GraphGradients graphs = new GraphGradients(DiffusionModel.of(model, state.parameters()), engine, config.seed());
        this.source = config.parts() == 1 ? graphs : new PartedGradients(graphs, config.parts());
        this.gradients = source.newGradients();
        OptimizerSettings adam = config.optimizer();
        this.optimizer = new AdamEma(adam.beta1(), adam.beta2(), adam.epsilon(), engine.threads());
    }

    /** Takes a step on a batch, which stays the caller's to close. */
    public StepResult apply(TrainBatch batch) {
        return update(batch, gradient(batch));
    }

    /** The first half of a step: computes the gradient, and gives the loss. Changes nothing of the state. */
    double gradient(TrainBatch batch) {
        return source.compute(batch, state.steps(), gradients);
    }

    /** The second half: moves the weights along the gradient that was computed last. */
    StepResult update(TrainBatch batch, double loss) {
        long before = state.images();
        double learningRate = schedule.learningRateAt(before);
        long replaced =
                optimizer.apply(state, gradients, learningRate, schedule.emaBetaAt(before, batch.expectedImages()));
        state.advance(Schedule.counted(batch.expectedImages()));
        double elements =
                (double) channels * batch.patch().height() * batch.patch().width();
        return new StepResult(
                state.steps() - 1,
                state.images(),
                batch.patch(),
                batch.size(),
                loss,
                loss / elements,
                learningRate,
                replaced);
    }

    /** Frees the programs, ends the optimizer's threads, then frees the gradients that both use. */
    @Override
    public void close() {
        source.close();
        optimizer.close();
        gradients.parts().forEach(INDArray::close);
    }
}

package org.patchdiffusion.train.checkpoint;

import java.util.stream.Stream;
import org.patchdiffusion.model.Parameters;

/**
 * Everything that training changes: with the configuration, all that is needed to go on exactly.
 *
 * <p>Close it last, when nothing trains, samples or saves it any more. Random draws are functions of (seed, purpose, step, index), so there is no random state to keep.
 */
public final class TrainingState implements AutoCloseable {
    private final Parameters parameters;
    private final Parameters ema;
    private final Parameters firstMoment;
    private final Parameters secondMoment;
    private TrainingProgress progress;
    private boolean torn;

    public TrainingState(
            Parameters parameters,
            Parameters ema,
            Parameters firstMoment,
            Parameters secondMoment,
            TrainingProgress progress) {
        this.parameters = parameters;
        this.ema = ema;
        this.firstMoment = firstMoment;
        this.secondMoment = secondMoment;
        this.progress = progress;
    }

    /**
     * The state before the first step: the trained weights are a copy of those given, the moments are zero.
     *
     * @param weights where training starts; their memory becomes the moving average's, so that a model over it gets better as
     *     the average does
     */
    public static TrainingState start(Parameters weights) {
        return new TrainingState(
                weights.copy(),
                weights,
                Parameters.zeros(weights.layout()),
                Parameters.zeros(weights.layout()),
                TrainingProgress.NONE);
    }

    /** The weights that are trained. */
    public Parameters parameters() {
        return parameters;
    }

    /** Their exponential moving average, which samples are drawn with. */
    public Parameters ema() {
        return ema;
    }

    /** Adam's moving average of the gradient. */
    public Parameters firstMoment() {
        return firstMoment;
    }

    /** Adam's moving average of the squared gradient. */
    public Parameters secondMoment() {
        return secondMoment;
    }

    /** How far training is. */
    public TrainingProgress progress() {
        return progress;
    }

    /** Optimizer steps taken so far. */
    public long steps() {
        return progress.steps();
    }

    /** Images counted so far: what the schedules and the duration go by. */
    public long images() {
        return progress.images();
    }

    /** Counts one optimizer step that showed {@code counted} images. */
    public void advance(long counted) {
        progress = progress.step(counted);
    }

    /** Notes the number of ticks and the time, which do not go by steps. */
    public void note(int ticks, double elapsedSec) {
        progress = progress.at(ticks, elapsedSec);
    }

    /** An update begins: until it is done, the state is neither the old nor the new one. */
    public void beginUpdate() {
        torn = true;
    }

    public void endUpdate() {
        torn = false;
    }

    /** Whether an update has not been finished, so that nobody can go on from here. */
    public boolean isTorn() {
        return torn;
    }

    /** Frees the trained weights and the moments; the average stays, as the model that training was for. */
    @Override
    public void close() {
        Stream.of(parameters, firstMoment, secondMoment)
                .forEach(buffer -> buffer.flat().close());
    }
}

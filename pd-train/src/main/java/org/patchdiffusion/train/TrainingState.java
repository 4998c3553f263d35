package org.patchdiffusion.train;

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
    private long steps;
    private long images;

    TrainingState(
            Parameters parameters,
            Parameters ema,
            Parameters firstMoment,
            Parameters secondMoment,
            long steps,
            long images) {
        this.parameters = parameters;
        this.ema = ema;
        this.firstMoment = firstMoment;
        this.secondMoment = secondMoment;
        this.steps = steps;
        this.images = images;
    }

    /** The state before the first step: the moving average is a copy of the parameters, the moments are zero. */
    public static TrainingState start(Parameters parameters) {
        return new TrainingState(
                parameters,
                parameters.copy(),
                Parameters.zeros(parameters.layout()),
                Parameters.zeros(parameters.layout()),
                0,
                0);
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

    /** Optimizer steps taken so far. */
    public long steps() {
        return steps;
    }

    /** Images counted so far: what the schedules and the duration go by. */
    public long images() {
        return images;
    }

    /** Counts one optimizer step that showed {@code imagesShown} images. */
    void advance(long imagesShown) {
        steps++;
        images += imagesShown;
    }

    /** Frees the average and the moments; the parameters stay the model's. */
    @Override
    public void close() {
        ema.flat().close();
        firstMoment.flat().close();
        secondMoment.flat().close();
    }
}

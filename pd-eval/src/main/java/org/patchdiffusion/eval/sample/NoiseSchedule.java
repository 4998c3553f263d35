package org.patchdiffusion.eval.sample;

import org.patchdiffusion.model.precond.Preconditioning;

/** Which noise levels a sampler visits. */
public interface NoiseSchedule {

    /**
     * The noise levels of a run.
     *
     * @param steps at least 2
     * @return falling levels, then 0: {@code steps + 1} values, fewer if a network supports fewer
     * @throws IllegalArgumentException if the schedule has no so many levels
     */
    double[] levels(int steps);

    /**
     * The same schedule within the noise levels of a network.
     *
     * @param lowest lowest noise level; may be 0
     * @param highest highest noise level; may be infinite
     * @throws IllegalArgumentException if nothing is left
     */
    NoiseSchedule clampedTo(double lowest, double highest);

    /** The noise level nearest to this one that can be visited between those of the schedule. */
    default double supported(double sigma) {
        return sigma;
    }

    /**
     * The same schedule as a network supports it: clamped to its range, rounded to its table of noise levels.
     *
     * @throws IllegalArgumentException if nothing of the range is left
     */
    default NoiseSchedule within(Preconditioning preconditioning) {
        return new NetworkSchedule(
                clampedTo(preconditioning.sigmaMin(), preconditioning.sigmaMax()), preconditioning::roundSigma);
    }
}

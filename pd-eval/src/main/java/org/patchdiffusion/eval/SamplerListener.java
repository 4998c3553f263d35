package org.patchdiffusion.eval;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Told of the progress of a sampler. */
@FunctionalInterface
public interface SamplerListener {
    /** Ignores everything. */
    SamplerListener NONE = (step, numSteps, sigma, x) -> {};

    /**
     * Called after each step.
     *
     * @param step steps done, from 1 to {@code numSteps}
     * @param numSteps steps of the whole run
     * @param sigma noise level that the step has reached; 0 after the last
     * @param x images so far, float64 {@code [N, C, H, W]}; valid only during the call, not to be changed
     */
    void stepDone(int step, int numSteps, double sigma, INDArray x);
}

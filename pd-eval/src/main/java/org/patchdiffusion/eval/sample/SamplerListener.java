package org.patchdiffusion.eval.sample;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Told of the progress of a sampler. */
@FunctionalInterface
public interface SamplerListener {
    /** Ignores everything. */
    SamplerListener NONE = (step, sigma, x, denoised) -> {};

    /**
     * Called after each step, on the thread that samples.
     *
     * @param step steps done, from 1
     * @param sigma noise level that the step has reached; 0 after the last
     * @param x images so far, float64 {@code [N, C, H, W]}; valid only during the call, not to be changed
     * @param denoised the latest estimate of the clean images, of the same type and shape; valid only during the call, not
     *     to be changed
     */
    void stepDone(int step, double sigma, INDArray x, INDArray denoised);
}

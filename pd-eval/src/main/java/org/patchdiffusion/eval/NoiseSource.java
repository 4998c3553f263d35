package org.patchdiffusion.eval;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Where a stochastic sampler takes its fresh noise from. */
@FunctionalInterface
public interface NoiseSource {
    /**
     * Overwrites an array with the standard normal noise of one step. Called only for steps that add noise.
     *
     * @param step the sampler's step, from 0
     * @param noise float64 {@code [N, C, H, W]}
     */
    void fill(int step, INDArray noise);
}

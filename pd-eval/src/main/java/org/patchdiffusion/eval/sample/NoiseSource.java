package org.patchdiffusion.eval.sample;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Where noise comes from: that which a sampler starts with, or the fresh noise of a stochastic one. */
@FunctionalInterface
public interface NoiseSource {
    /**
     * Overwrites an array with the standard normal noise of one step. Called only for steps that add noise.
     *
     * @param step the sampler's step, from 0; 0 for the noise to start with
     * @param noise float64 {@code [N, C, H, W]}
     */
    void fill(int step, INDArray noise);
}

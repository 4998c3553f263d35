package org.patchdiffusion.model;

import org.nd4j.linalg.api.ndarray.INDArray;

/** D(x; sigma, positions, label) of patches: the expected clean patches behind noisy ones, each at a place of its own. */
@FunctionalInterface
public interface PatchDenoiser {

    /**
     * Denoises a batch of patches of one size.
     *
     * @param x noisy patches {@code [N, C, H, W]}, float32
     * @param sigma noise level of each patch {@code [N]}, float32, positive
     * @param labels one-hot or soft class labels {@code [N, labelDim]}, float32; null for an unconditional model
     * @param positions where each patch lies, {@code [N, 2, H, W]}, float32
     * @return the denoised patches {@code [N, C, H, W]}, float32; valid until the next call
     */
    INDArray denoise(INDArray x, INDArray sigma, INDArray labels, INDArray positions);
}

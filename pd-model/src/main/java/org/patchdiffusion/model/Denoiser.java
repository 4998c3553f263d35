package org.patchdiffusion.model;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * D(x; sigma, label): the expected clean images behind noisy ones. Samplers know nothing else of a model.
 *
 * <p>Position channels are bound when the denoiser is made: samplers show it whole images.
 */
@FunctionalInterface
public interface Denoiser {

    /**
     * Denoises a batch.
     *
     * @param x noisy images {@code [N, C, H, W]}, float32
     * @param sigma noise level of each image {@code [N]}, float32, positive
     * @param labels one-hot or soft class labels {@code [N, labelDim]}, float32; null for an unconditional model
     * @return the denoised images {@code [N, C, H, W]}, float32; valid until the next call
     */
    INDArray denoise(INDArray x, INDArray sigma, INDArray labels);

    /** The type of the images and noise levels that it takes and gives: float32, or float64 for a formula without rounding. */
    default DataType dataType() {
        return DataType.FLOAT;
    }
}

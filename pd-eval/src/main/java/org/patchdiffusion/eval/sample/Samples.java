package org.patchdiffusion.eval.sample;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a sampler made.
 *
 * @param images float64 {@code [N, C, H, W]}, nominally in [-1, 1]; the caller owns and closes it
 * @param evaluations number of function evaluations (NFE): how often the sampler asked the denoiser about each image
 */
public record Samples(INDArray images, int evaluations) implements AutoCloseable {
    /** Frees the images. */
    @Override
    public void close() {
        images.close();
    }
}

package org.patchdiffusion.eval.sample;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a sampler made.
 *
 * @param images float64 {@code [N, C, H, W]}, nominally in [-1, 1]; the caller owns and closes it
 * @param evaluations number of function evaluations (NFE): how often the sampler asked the denoiser about each image
 * @param seconds how long the sampler took
 * @param denoiserSeconds how much of that the denoiser took; the rest is the sampler's own arithmetic and noise
 */
public record Samples(INDArray images, int evaluations, double seconds, double denoiserSeconds)
        implements AutoCloseable {
    /** Frees the images. */
    @Override
    public void close() {
        images.close();
    }
}

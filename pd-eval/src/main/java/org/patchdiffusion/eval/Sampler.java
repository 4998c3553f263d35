package org.patchdiffusion.eval;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.Denoiser;

/** Turns noise into images with a denoiser. */
public sealed interface Sampler permits EdmSampler, AblationSampler {

    /**
     * Samples a batch from explicit noise.
     *
     * @param denoiser the model
     * @param latents standard normal noise {@code [N, C, H, W]}, any floating type; not changed
     * @param noise fresh noise of the steps, asked only when the settings are stochastic
     * @param labels class labels {@code [N, labelDim]}, float32; null for an unconditional model
     * @param listener told after each step
     * @throws IllegalArgumentException if latents or labels have a wrong shape
     */
    Samples sample(Denoiser denoiser, INDArray latents, NoiseSource noise, INDArray labels, SamplerListener listener);

    /**
     * Samples one image for each seed. An image depends on its own seed (and label) only.
     *
     * @param denoiser the model
     * @param seeds one seed for each image
     * @param channels channels of an image
     * @param height height in pixels
     * @param width width in pixels
     * @param labels class labels {@code [N, labelDim]}, float32; null for an unconditional model
     * @param listener told after each step
     * @throws IllegalArgumentException if there is no seed or the labels have a wrong shape
     */
    default Samples sample(
            Denoiser denoiser,
            long[] seeds,
            int channels,
            int height,
            int width,
            INDArray labels,
            SamplerListener listener) {
        if (seeds.length == 0) {
            throw new IllegalArgumentException("got no seeds, expected one for each image to draw");
        }
        try (INDArray latents = SeededNoise.latents(seeds, channels, height, width)) {
            return sample(denoiser, latents, SeededNoise.churn(seeds), labels, listener);
        }
    }
}

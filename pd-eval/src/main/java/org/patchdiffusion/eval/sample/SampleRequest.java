package org.patchdiffusion.eval.sample;

import java.util.Arrays;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a sampler is to draw: starting noise, fresh noise, class labels, number of steps, and who hears of the steps. It owns
 * no arrays: those that it is given stay the caller's and must be open while the sampler runs.
 */
public final class SampleRequest {
    private static final int DEFAULT_STEPS = 18;
    private static final NoiseSource NO_NOISE = (step, noise) -> {
        throw new IllegalStateException(
                "the sampler is stochastic and the request has no fresh noise; give it with withNoise");
    };

    private final long[] shape;
    private final NoiseSource latents;
    private final NoiseSource noise;
    private final INDArray labels;
    private final int steps;
    private final SamplerListener listener;

    private SampleRequest(
            long[] shape,
            NoiseSource latents,
            NoiseSource noise,
            INDArray labels,
            int steps,
            SamplerListener listener) {
        this.shape = shape;
        this.latents = latents;
        this.noise = noise;
        this.labels = labels;
        this.steps = steps;
        this.listener = listener;
    }

    /**
     * Starts from explicit noise, without fresh noise.
     *
     * @param latents standard normal noise {@code [N, C, H, W]}, any floating type; not changed
     * @throws IllegalArgumentException if the shape is not that of images
     */
    public static SampleRequest of(INDArray latents) {
        if (latents.rank() != 4) {
            throw new IllegalArgumentException("latents have shape " + Arrays.toString(latents.shape())
                    + ", expected [images, channels, height, width]");
        }
        return new SampleRequest(
                latents.shape(),
                (step, target) -> target.assign(latents),
                NO_NOISE,
                null,
                DEFAULT_STEPS,
                SamplerListener.NONE);
    }

    /**
     * One image for each seed, which depends on its own seed (and label) only.
     *
     * @param seeds one seed for each image
     * @throws IllegalArgumentException if there is no seed
     */
    public static SampleRequest ofSeeds(long[] seeds, int channels, int height, int width) {
        if (seeds.length == 0) {
            throw new IllegalArgumentException("got no seeds, expected one for each image to draw");
        }
        return new SampleRequest(
                new long[] {seeds.length, channels, height, width},
                SeededNoise.latents(seeds),
                SeededNoise.churn(seeds),
                null,
                DEFAULT_STEPS,
                SamplerListener.NONE);
    }

    /** The same request with fresh noise from this source, for stochastic samplers. */
    public SampleRequest withNoise(NoiseSource source) {
        return new SampleRequest(shape, latents, source, labels, steps, listener);
    }

    /**
     * The same request for these classes.
     *
     * @param classLabels {@code [N, labelDim]}, float32, one row for each image
     * @throws IllegalArgumentException if the number of rows is not that of the images
     */
    public SampleRequest withLabels(INDArray classLabels) {
        if (classLabels.size(0) != shape[0]) {
            throw new IllegalArgumentException("got " + classLabels.size(0) + " class labels for " + shape[0]
                    + " images, expected one row of labels for each image");
        }
        return new SampleRequest(shape, latents, noise, classLabels, steps, listener);
    }

    /** The same request with so many steps, at least 2; 18 by default. */
    public SampleRequest withSteps(int count) {
        Settings.require(count >= 2, "numSteps", count, "at least 2 steps");
        return new SampleRequest(shape, latents, noise, labels, count, listener);
    }

    /** The same request with another listener. */
    public SampleRequest withListener(SamplerListener value) {
        return new SampleRequest(shape, latents, noise, labels, steps, value);
    }

    /** {@code [N, C, H, W]}. */
    public long[] shape() {
        return shape.clone();
    }

    /** Class labels {@code [N, labelDim]}; none for an unconditional model. */
    public Optional<INDArray> labels() {
        return Optional.ofNullable(labels);
    }

    /** How many steps the schedule is asked for. */
    public int steps() {
        return steps;
    }

    NoiseSource latents() {
        return latents;
    }

    NoiseSource noise() {
        return noise;
    }

    SamplerListener listener() {
        return listener;
    }
}

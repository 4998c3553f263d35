package org.patchdiffusion.eval;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.data.Positions;
import org.patchdiffusion.data.Purpose;
import org.patchdiffusion.data.RandomStream;
import org.patchdiffusion.model.BatchedDenoiser;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.engine.Engine;

/**
 * Draws the image of each seed with a model. The image of a seed is the same whatever is drawn with it. Compiled once;
 * close it after use.
 */
public final class SeededImages implements AutoCloseable {
    /** Images of one run of the network: fixed, so that rounding never depends on how many are drawn at a time. */
    private static final int MICRO_BATCH = 8;
    /** Stands for a class drawn by each seed. */
    public static final int ANY_CLASS = -1;

    private final ModelConfig config;
    private final EdmSampler sampler;
    private final BatchedDenoiser denoiser;

    /**
     * Prepares to draw.
     *
     * @throws IllegalArgumentException if nothing of the sampler's noise range fits the model
     */
    public SeededImages(DiffusionModel model, Engine engine, EdmSamplerConfig settings) {
        config = model.config();
        sampler = EdmSampler.of(settings, config.preconditioning());
        INDArray positions = Positions.whole(1, config.height(), config.width());
        denoiser = model.denoiser(engine, MICRO_BATCH, positions);
    }

    /**
     * Draws images.
     *
     * @param seeds one for each image
     * @param label class of all images, or {@link #ANY_CLASS}; ignored by an unconditional model
     * @param listener told after each step
     */
    public Images draw(long[] seeds, int label, SamplerListener listener) {
        try (Samples samples = sampler.sample(
                denoiser, seeds, config.channels(), config.height(), config.width(), labels(seeds, label), listener)) {
            return Images.fromModelRange(samples.images());
        }
    }

    private INDArray labels(long[] seeds, int label) {
        int classes = config.network().labelDim();
        if (classes == 0) {
            return null;
        }
        INDArray labels = Nd4j.zeros(DataType.FLOAT, seeds.length, classes);
        for (int i = 0; i < seeds.length; i++) {
            // Step 0 of this purpose is the image's starting noise.
            RandomStream random = RandomStream.of(seeds[i], Purpose.LATENT, 1, 0);
            labels.putScalar(i, label == ANY_CLASS ? random.nextInt(classes) : label, 1);
        }
        return labels;
    }

    @Override
    public void close() {
        denoiser.close();
    }
}

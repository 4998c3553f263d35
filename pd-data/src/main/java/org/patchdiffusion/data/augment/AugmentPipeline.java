package org.patchdiffusion.data.augment;

import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * Applies the transforms of a configuration to an image, one after another, and tells what it did. Flips, quarter turns and
 * pixel shifts move pixels exactly; the other geometric transforms make one affine map, which is executed once, with a
 * wavelet filter around it against aliasing; the colour transforms make one affine map of the channels.
 *
 * <p>The outcome is a function of the image and the random numbers alone. An image on which nothing acts stays as it is, bit
 * for bit. Safe for use by many threads.
 */
public final class AugmentPipeline {
    private final AugmentConfig config;
    private final int labelDim;

    private AugmentPipeline(AugmentConfig config) {
        this.config = config;
        this.labelDim = config.labelDim();
    }

    /**
     * A pipeline for images of some number of channels.
     *
     * @throws IllegalArgumentException if a colour transform is asked for and the images are neither gray nor RGB
     */
    public static AugmentPipeline of(AugmentConfig config, int channels) {
        if (channels != 1 && channels != ColourMap.CHANNELS) {
            config.multipliers().keySet().stream()
                    .filter(Augmentation::changesColour)
                    .findFirst()
                    .ifPresent(augmentation -> {
                        throw new IllegalArgumentException("the augmentation " + augmentation
                                + " needs images of 1 or 3 channels, these have " + channels + "; leave it out");
                    });
        }
        return new AugmentPipeline(config);
    }

    /** Length of an image's label vector. */
    public int labelDim() {
        return labelDim;
    }

    /**
     * Augments an image in place.
     *
     * @param values holds the image [channels, height, width] in [-1, 1], or latents, from {@code at} on
     * @param random gives the draws; how many are taken does not depend on their outcome
     * @param labels receives {@link #labelDim} numbers from {@code labelsAt} on
     * @throws IndexOutOfBoundsException if the image or its labels do not lie in the arrays
     */
    public void apply(
            float[] values,
            int at,
            int channels,
            int height,
            int width,
            RandomGenerator random,
            float[] labels,
            int labelsAt) {
        Objects.checkFromIndexSize(at, channels * height * width, values.length);
        Objects.checkFromIndexSize(labelsAt, labelDim, labels.length);
        Arrays.fill(labels, labelsAt, labelsAt + labelDim, 0);
        WorkingImage image = new WorkingImage(values, at, channels, height, width);
        int next = labelsAt;
        for (Map.Entry<Augmentation, Double> entry : config.multipliers().entrySet()) {
            ImageTransform transform = entry.getKey().transform();
            transform.draw(random, entry.getValue() * config.probability(), image, labels, next);
            next += transform.labelWidth();
        }
        image.finish();
    }
}

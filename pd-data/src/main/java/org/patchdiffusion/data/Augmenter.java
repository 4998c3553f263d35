package org.patchdiffusion.data;

import org.patchdiffusion.data.augment.AugmentConfig;
import org.patchdiffusion.data.augment.AugmentPipeline;
import org.patchdiffusion.data.augment.AugmentPlace;

/**
 * The augmentation of a run, of which the outcome for an image is a pure function of (seed, step, index in the batch).
 *
 * @param pipeline what is done to an image
 * @param place whether the image is the patch or the whole image
 * @param seed seed of the draws
 */
record Augmenter(AugmentPipeline pipeline, AugmentPlace place, long seed) {

    static Augmenter of(AugmentConfig config, AugmentPlace place, int channels, long seed) {
        return new Augmenter(AugmentPipeline.of(config, channels), place, seed);
    }

    /**
     * Augments an image in place.
     *
     * @param values holds the image [channels, size] from {@code at} on
     * @param labels receives the labels of the image's index in the batch
     */
    void apply(float[] values, int at, int channels, PatchSize size, long step, int index, float[] labels) {
        RandomStream random = RandomStream.of(seed, Purpose.AUGMENT, step, index);
        pipeline.apply(values, at, channels, size.height(), size.width(), random, labels, index * pipeline.labelDim());
    }
}

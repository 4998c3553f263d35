package org.patchdiffusion.data;

/**
 * What a random draw is for: a part of the key of a {@link RandomStream}, so that no two uses share numbers.
 *
 * <p>The position of a constant is part of every stream's key: append new ones, never reorder.
 */
public enum Purpose {
    /** Initial weights. */
    INIT,
    /** Order in which images are shown. */
    ORDER,
    /** Patch size of a step. */
    PATCH_SIZE,
    /** Place of a crop. */
    CROP,
    /** Random horizontal flip of an image. */
    FLIP,
    /** Noise level in training. */
    SIGMA,
    /** Noise added to images in training. */
    NOISE,
    /** Held for its position: engines draw dropout masks by a function of their own. */
    DROPOUT,
    /** Labels left out in training, for guidance. */
    LABEL_DROPOUT,
    /** Draws of the augmentation pipeline. */
    AUGMENT,
    /** Starting noise of a sample. */
    LATENT,
    /** Noise added by the stochastic sampler. */
    CHURN,
    /** Random projections of a metric. */
    PROJECTION,
    /** Choice of a part of a data set. */
    SUBSET,
    /** Noise added to held-out images to measure their loss. */
    VALIDATION,
    /** Class of a sample that is to have any. */
    SAMPLE_CLASS
}

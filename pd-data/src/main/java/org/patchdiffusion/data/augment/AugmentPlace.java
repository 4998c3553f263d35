package org.patchdiffusion.data.augment;

/** What the augmentation of training images acts on. */
public enum AugmentPlace {
    /** Each patch after it was cut out. */
    PATCH,
    /** The whole image, before a patch is cut out. */
    IMAGE
}

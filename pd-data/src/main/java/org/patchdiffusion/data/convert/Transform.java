package org.patchdiffusion.data.convert;

/** How an image is brought to the ratio of width to height of the target. */
public enum Transform {
    /** Not at all: it must have the ratio already. */
    NONE,
    /** Keeps the largest centred part that has the ratio. */
    CENTER_CROP,
    /** Keeps the whole image, centred on white. */
    FIT
}

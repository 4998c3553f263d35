package org.patchdiffusion.data.convert;

/** How an image is brought to the ratio of width to height of the target. */
public enum Transform {
    /** Not at all: it must have the ratio already. */
    NONE,
    /** Keeps the largest centred part that has the ratio. For a square this is the official tool's. */
    CENTER_CROP,
    /**
     * The official tool's: keeps centred rows, as many as the target's width times the image's ratio, brings them to
     * the target's size, and adds black above and below to make a square of the target's width. Refuses images that are
     * too small.
     */
    CENTER_CROP_WIDE,
    /** Keeps the whole image, centred on the background. */
    FIT,
    /** Keeps the whole image and changes its ratio; what the official tool does when no transform is chosen. */
    STRETCH
}

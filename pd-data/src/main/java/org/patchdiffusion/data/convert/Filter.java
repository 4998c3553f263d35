package org.patchdiffusion.data.convert;

/** How pixels are computed when an image changes its size. */
public enum Filter {
    /** Lanczos with three lobes, wider when shrinking, in Pillow's fixed-point arithmetic: the official tool's. */
    LANCZOS,
    /** Each smaller pixel is the average of the area that it covers; larger ones are interpolated linearly. */
    AREA
}

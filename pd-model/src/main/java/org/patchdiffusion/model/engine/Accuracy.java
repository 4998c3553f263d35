package org.patchdiffusion.model.engine;

/** How convolutions are computed. */
public enum Accuracy {
    /** Direct convolution: D(x) within 1e-5 and gradients within 1e-4 of float64, relative. */
    EXACT,
    /** Winograd F(4×4, 3×3) where it fits: faster, within 1e-4 and 1e-3. */
    FAST
}

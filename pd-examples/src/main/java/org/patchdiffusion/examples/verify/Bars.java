package org.patchdiffusion.examples.verify;

/**
 * The largest relative errors that pass.
 *
 * @param output denoised images and losses
 * @param gradient the gradient of a parameter
 * @param samples images at the end of a sampler
 * @param change change of weights over some training steps
 * @param length where positive, {@code gradient} is the bar on 1 − cosine, and this one on how far from 1 the ratio of lengths is
 */
record Bars(double output, double gradient, double samples, double change, double length) {

    /** For float32 arithmetic without further approximation. */
    static final Bars EXACT = new Bars(1e-5, 1e-4, 1e-4, 1e-3, 0);

    /** For Winograd convolution. */
    static final Bars FAST = new Bars(1e-4, 1e-3, 1e-3, 1e-2, 0);

    /** For bfloat16. */
    static final Bars BFLOAT16 = new Bars(2e-2, 1e-2, 5e-2, 2.5e-1, 5e-2);

    /** For closed formulas in float64 against reference values that passed through float32. */
    static final double FORMULA = 1e-6;
}

package org.patchdiffusion.eval.sample;

/**
 * The noise levels that a sampler passes through.
 *
 * @param lowest the last noise level before 0, positive
 * @param highest the first noise level, finite
 */
public record NoiseRange(double lowest, double highest) {
    /** The range of Karras et al. 2022: 0.002 to 80. */
    public static final NoiseRange EDM = new NoiseRange(0.002, 80);

    /**
     * Checks the range.
     *
     * @throws IllegalArgumentException if it is empty, or an end is not a positive finite number
     */
    public NoiseRange {
        Settings.require(lowest > 0 && lowest < Double.POSITIVE_INFINITY, "sigmaMin", lowest, "a positive noise level");
        Settings.require(
                highest > lowest && highest < Double.POSITIVE_INFINITY,
                "sigmaMax",
                highest,
                "a finite noise level above sigmaMin, which is " + lowest);
    }

    /**
     * The part of the range that lies in another one.
     *
     * @param least lowest noise level of a network; may be 0
     * @param most highest noise level of a network; may be infinite
     * @throws IllegalArgumentException if nothing is left
     */
    public NoiseRange clampedTo(double least, double most) {
        return new NoiseRange(Math.max(lowest, least), Math.min(highest, most));
    }
}

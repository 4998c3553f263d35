package org.patchdiffusion.eval.sample;

/**
 * Noise levels at which guidance acts (Kynkaanniemi et al. 2024, arXiv 2404.07724), both ends included.
 *
 * @param lowest lowest noise level, 0 or positive
 * @param highest highest noise level; may be infinite
 */
public record NoiseInterval(double lowest, double highest) {
    /** Every noise level. */
    public static final NoiseInterval ALL = new NoiseInterval(0, Double.POSITIVE_INFINITY);

    /**
     * Checks the ends.
     *
     * @throws IllegalArgumentException if the lower is negative, or above the higher
     */
    public NoiseInterval {
        if (!(lowest >= 0 && highest >= lowest)) {
            throw new IllegalArgumentException("guidance in the interval from " + lowest + " to " + highest
                    + ", expected 0 or a positive noise level and one not below it");
        }
    }

    boolean contains(double sigma) {
        return sigma >= lowest && sigma <= highest;
    }
}

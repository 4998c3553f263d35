package org.patchdiffusion.eval.sample;

/**
 * Fresh noise in each step of a sampler; names are those of Karras et al. 2022, Algorithm 2.
 *
 * @param sChurn stochasticity strength; 0 is the deterministic sampler
 * @param sMin lowest noise level at which noise is added
 * @param sMax highest noise level at which noise is added; may be infinite
 * @param sNoise standard deviation of the added noise, relative to the exact one
 */
public record Churn(double sChurn, double sMin, double sMax, double sNoise) {
    /** No fresh noise. */
    public static final Churn NONE = new Churn(0, 0, Double.POSITIVE_INFINITY, 1);

    /**
     * Checks every setting.
     *
     * @throws IllegalArgumentException naming the setting, its value and what was expected
     */
    public Churn {
        Settings.require(
                sChurn >= 0 && sChurn < Double.POSITIVE_INFINITY, "sChurn", sChurn, "0 or a positive strength");
        Settings.require(sMin >= 0, "sMin", sMin, "0 or a positive noise level");
        Settings.require(sMax >= sMin, "sMax", sMax, "a noise level not below sMin, which is " + sMin);
        Settings.require(
                sNoise >= 0 && sNoise < Double.POSITIVE_INFINITY,
                "sNoise",
                sNoise,
                "0 or a positive factor (1 is the exact noise)");
    }

    /** Exact noise of a strength at all noise levels. */
    public static Churn of(double strength) {
        return new Churn(strength, 0, Double.POSITIVE_INFINITY, 1);
    }

    /** The share by which a step at noise level {@code sigma} raises it before denoising: gamma_i of Algorithm 2. */
    double raise(double sigma, int steps) {
        return sigma >= sMin && sigma <= sMax ? Math.min(sChurn / steps, Math.sqrt(2) - 1) : 0;
    }
}

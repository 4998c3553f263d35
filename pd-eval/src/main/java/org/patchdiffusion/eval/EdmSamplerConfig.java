package org.patchdiffusion.eval;

/**
 * Settings of {@link EdmSampler}; names are those of Karras et al. 2022 ("Elucidating the Design Space of
 * Diffusion-Based Generative Models", Algorithm 2 and Table 1).
 *
 * @param numSteps number of sampling steps, at least 2; a run evaluates the denoiser {@code 2 numSteps - 1} times
 * @param sigmaMin lowest noise level before 0
 * @param sigmaMax noise level of the first step
 * @param rho exponent of the time steps (Equation 5): the larger, the more steps near {@code sigmaMin}
 * @param sChurn stochasticity strength; 0 is the deterministic sampler
 * @param sMin lowest noise level at which noise is added
 * @param sMax highest noise level at which noise is added; may be infinite
 * @param sNoise standard deviation of the added noise, relative to the exact one
 */
public record EdmSamplerConfig(
        int numSteps,
        double sigmaMin,
        double sigmaMax,
        double rho,
        double sChurn,
        double sMin,
        double sMax,
        double sNoise) {

    /**
     * Checks every setting.
     *
     * @throws IllegalArgumentException naming the setting, its value and what was expected
     */
    public EdmSamplerConfig {
        require(numSteps >= 2, "numSteps", numSteps, "at least 2 steps");
        require(sigmaMin > 0 && sigmaMin < Double.POSITIVE_INFINITY, "sigmaMin", sigmaMin, "a positive noise level");
        require(
                sigmaMax > sigmaMin && sigmaMax < Double.POSITIVE_INFINITY,
                "sigmaMax",
                sigmaMax,
                "a finite noise level above sigmaMin, which is " + sigmaMin);
        require(rho > 0 && rho < Double.POSITIVE_INFINITY, "rho", rho, "a positive exponent");
        require(sChurn >= 0 && sChurn < Double.POSITIVE_INFINITY, "sChurn", sChurn, "0 or a positive strength");
        require(sMin >= 0, "sMin", sMin, "0 or a positive noise level");
        require(sMax >= sMin, "sMax", sMax, "a noise level not below sMin, which is " + sMin);
        require(
                sNoise >= 0 && sNoise < Double.POSITIVE_INFINITY,
                "sNoise",
                sNoise,
                "0 or a positive factor (1 is the exact noise)");
    }

    /** The paper's deterministic defaults: 18 steps from 80 to 0.002 with rho 7. */
    public static EdmSamplerConfig defaults() {
        return builder().build();
    }

    /** Starts from {@link #defaults()}. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * The same settings with the noise levels limited to a range that a network supports.
     *
     * @param lowest lowest noise level of the preconditioning; may be 0
     * @param highest highest noise level of the preconditioning; may be infinite
     * @throws IllegalArgumentException if nothing of the range is left
     */
    public EdmSamplerConfig clampedTo(double lowest, double highest) {
        return withRange(Math.max(sigmaMin, lowest), Math.min(sigmaMax, highest));
    }

    /**
     * The same settings with another noise range.
     *
     * @throws IllegalArgumentException if the range is empty or not positive
     */
    public EdmSamplerConfig withRange(double lowest, double highest) {
        return new EdmSamplerConfig(numSteps, lowest, highest, rho, sChurn, sMin, sMax, sNoise);
    }

    /**
     * The noise levels t_0 to t_N (Equation 5): from {@code sigmaMax} down to {@code sigmaMin}, then 0.
     *
     * @return {@code numSteps + 1} values
     */
    public double[] noiseLevels() {
        double[] t = new double[numSteps + 1];
        double high = Math.pow(sigmaMax, 1 / rho);
        double low = Math.pow(sigmaMin, 1 / rho);
        for (int i = 0; i < numSteps; i++) {
            t[i] = Math.pow(high + (double) i / (numSteps - 1) * (low - high), rho);
        }
        return t;
    }

    /** How much a step at noise level {@code sigma} raises it before denoising: gamma_i of Algorithm 2. */
    double churn(double sigma) {
        return sigma >= sMin && sigma <= sMax ? Math.min(sChurn / numSteps, Math.sqrt(2) - 1) : 0;
    }

    private static void require(boolean valid, String name, Number value, String expected) {
        if (!valid) {
            throw new IllegalArgumentException("sampler option " + name + " is " + value + ", expected " + expected);
        }
    }

    /** Collects settings; everything not set keeps its default. */
    public static final class Builder {
        private int numSteps = 18;
        private double sigmaMin = 0.002;
        private double sigmaMax = 80;
        private double rho = 7;
        private double sChurn;
        private double sMin;
        private double sMax = Double.POSITIVE_INFINITY;
        private double sNoise = 1;

        private Builder() {}

        /** Number of sampling steps; default 18. */
        public Builder numSteps(int value) {
            numSteps = value;
            return this;
        }

        /** Lowest noise level before 0; default 0.002. */
        public Builder sigmaMin(double value) {
            sigmaMin = value;
            return this;
        }

        /** Noise level of the first step; default 80. */
        public Builder sigmaMax(double value) {
            sigmaMax = value;
            return this;
        }

        /** Exponent of the time steps; default 7. */
        public Builder rho(double value) {
            rho = value;
            return this;
        }

        /** Stochasticity strength; default 0, deterministic. */
        public Builder sChurn(double value) {
            sChurn = value;
            return this;
        }

        /** Lowest noise level at which noise is added; default 0. */
        public Builder sMin(double value) {
            sMin = value;
            return this;
        }

        /** Highest noise level at which noise is added; default infinite. */
        public Builder sMax(double value) {
            sMax = value;
            return this;
        }

        /** Relative standard deviation of the added noise; default 1. */
        public Builder sNoise(double value) {
            sNoise = value;
            return this;
        }

        /**
         * The checked settings.
         *
         * @throws IllegalArgumentException naming the first setting that is out of range
         */
        public EdmSamplerConfig build() {
            return new EdmSamplerConfig(numSteps, sigmaMin, sigmaMax, rho, sChurn, sMin, sMax, sNoise);
        }
    }
}

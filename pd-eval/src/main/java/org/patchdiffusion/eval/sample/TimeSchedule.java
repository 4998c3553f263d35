package org.patchdiffusion.eval.sample;

/** How the noise level runs over time: "Schedule" of Karras et al. 2022, Table 1. */
sealed interface TimeSchedule {
    /** sigma(t). */
    double sigma(double t);

    /** d sigma / dt. */
    double slope(double t);

    /** The time of a noise level: the inverse of {@link #sigma}. */
    double time(double sigma);

    /**
     * Variance preserving (Song et al. 2021).
     *
     * @param betaD slope of beta(t)
     * @param betaMin beta(0)
     */
    record Vp(double betaD, double betaMin) implements TimeSchedule {

        /** The schedule whose noise level is {@code sigmaMin} at {@code epsilonS} and {@code sigmaMax} at 1. */
        static Vp fitted(double sigmaMin, double sigmaMax, double epsilonS) {
            double low = Math.log1p(sigmaMin * sigmaMin);
            double high = Math.log1p(sigmaMax * sigmaMax);
            double betaD = 2 * (low / epsilonS - high) / (epsilonS - 1);
            return new Vp(betaD, high - betaD / 2);
        }

        @Override
        public double sigma(double t) {
            return Math.sqrt(Math.expm1(betaD * t * t / 2 + betaMin * t));
        }

        @Override
        public double slope(double t) {
            double sigma = sigma(t);
            return (betaMin + betaD * t) * (sigma + 1 / sigma) / 2;
        }

        @Override
        public double time(double sigma) {
            return (Math.sqrt(betaMin * betaMin + 2 * betaD * Math.log1p(sigma * sigma)) - betaMin) / betaD;
        }
    }

    /** Variance exploding: sigma is the square root of time. */
    record Ve() implements TimeSchedule {
        @Override
        public double sigma(double t) {
            return Math.sqrt(t);
        }

        @Override
        public double slope(double t) {
            return 0.5 / Math.sqrt(t);
        }

        @Override
        public double time(double sigma) {
            return sigma * sigma;
        }
    }

    /** The choice of Karras et al. 2022: time is the noise level. */
    record Linear() implements TimeSchedule {
        @Override
        public double sigma(double t) {
            return t;
        }

        @Override
        public double slope(double t) {
            return 1;
        }

        @Override
        public double time(double sigma) {
            return sigma;
        }
    }
}

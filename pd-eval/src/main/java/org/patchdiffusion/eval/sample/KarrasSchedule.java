package org.patchdiffusion.eval.sample;

/**
 * Even steps of sigma^(1 / rho): Karras et al. 2022, Equation 5.
 *
 * @param range first and last noise level
 * @param rho the larger, the more steps near the lowest level; positive
 */
public record KarrasSchedule(NoiseRange range, double rho) implements NoiseSchedule {
    /** The paper's: 80 to 0.002 with rho 7. */
    public static final KarrasSchedule EDM = new KarrasSchedule(NoiseRange.EDM, 7);

    /**
     * Checks the exponent.
     *
     * @throws IllegalArgumentException if it is not positive and finite
     */
    public KarrasSchedule {
        Settings.require(rho > 0 && rho < Double.POSITIVE_INFINITY, "rho", rho, "a positive exponent");
    }

    @Override
    public double[] levels(int steps) {
        double high = Math.pow(range.highest(), 1 / rho);
        double low = Math.pow(range.lowest(), 1 / rho);
        return Ramp.levels(steps, fraction -> Math.pow(high + fraction * (low - high), rho));
    }

    @Override
    public KarrasSchedule clampedTo(double lowest, double highest) {
        return new KarrasSchedule(range.clampedTo(lowest, highest), rho);
    }
}

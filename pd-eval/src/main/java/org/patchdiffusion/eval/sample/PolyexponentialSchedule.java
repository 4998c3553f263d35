package org.patchdiffusion.eval.sample;

/**
 * Even steps of log sigma, bent by an exponent: {@code log sigma = log lowest + (1 - fraction)^rho (log highest - log lowest)}.
 *
 * @param range first and last noise level
 * @param rho 1 is the exponential schedule; the larger, the more steps near the lowest level; positive
 */
public record PolyexponentialSchedule(NoiseRange range, double rho) implements NoiseSchedule {

    /**
     * Checks the exponent.
     *
     * @throws IllegalArgumentException if it is not positive and finite
     */
    public PolyexponentialSchedule {
        Settings.require(rho > 0 && rho < Double.POSITIVE_INFINITY, "rho", rho, "a positive exponent");
    }

    /** Even steps of log sigma, which is also the "VE" discretisation of Karras et al. 2022, Table 1. */
    public static PolyexponentialSchedule exponential(NoiseRange range) {
        return new PolyexponentialSchedule(range, 1);
    }

    @Override
    public double[] levels(int steps) {
        double low = Math.log(range.lowest());
        double width = Math.log(range.highest()) - low;
        return Ramp.levels(steps, fraction -> Math.exp(low + Math.pow(1 - fraction, rho) * width));
    }

    @Override
    public PolyexponentialSchedule clampedTo(double lowest, double highest) {
        return new PolyexponentialSchedule(range.clampedTo(lowest, highest), rho);
    }
}

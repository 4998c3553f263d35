package org.patchdiffusion.eval.sample;

/**
 * Even steps of the time of a variance preserving process (Song et al. 2021): the "VP" discretisation of Karras et al.
 * 2022, Table 1.
 *
 * @param range first and last noise level
 * @param epsilonS time of the lowest level, between 0 and 1; that of the highest is 1
 */
public record VpSchedule(NoiseRange range, double epsilonS) implements NoiseSchedule {

    /**
     * Checks the time.
     *
     * @throws IllegalArgumentException if it is not between 0 and 1
     */
    public VpSchedule {
        Settings.require(epsilonS > 0 && epsilonS < 1, "epsilonS", epsilonS, "a time between 0 and 1");
    }

    @Override
    public double[] levels(int steps) {
        TimeSchedule vp = TimeSchedule.Vp.fitted(range.lowest(), range.highest(), epsilonS);
        return Ramp.levels(steps, fraction -> vp.sigma(1 + fraction * (epsilonS - 1)));
    }

    @Override
    public VpSchedule clampedTo(double lowest, double highest) {
        return new VpSchedule(range.clampedTo(lowest, highest), epsilonS);
    }
}

package org.patchdiffusion.eval.sample;

import java.util.Arrays;

/**
 * Even steps through the table of Nichol and Dhariwal 2021, as Karras et al. 2022 write it ("iDDPM" in Table 1).
 *
 * @param range which part of the table is used
 * @param c1 lower limit of the table's ratios, between 0 and 1
 * @param c2 offset of the table's cosine, positive
 * @param m number of entries of the table
 */
public record IddpmSchedule(NoiseRange range, double c1, double c2, int m) implements NoiseSchedule {

    /**
     * Checks the settings.
     *
     * @throws IllegalArgumentException naming the setting, its value and what was expected
     */
    public IddpmSchedule {
        Settings.require(c1 > 0 && c1 < 1, "C_1", c1, "a ratio between 0 and 1");
        Settings.require(c2 > 0 && c2 < Double.POSITIVE_INFINITY, "C_2", c2, "a positive offset");
        Settings.require(m >= 2, "M", m, "at least 2 entries");
    }

    @Override
    public double[] levels(int steps) {
        double[] table = new double[m];
        double above = 0;
        for (int j = m; j > 0; j--) {
            double ratio = Math.max(alphaBar(j - 1) / alphaBar(j), (float) c1);
            above = Math.sqrt((above * above + 1) / ratio - 1);
            table[j - 1] = above;
        }
        double[] inRange = Arrays.stream(table)
                .filter(u -> u >= range.lowest() && u <= range.highest())
                .toArray();
        Settings.require(
                inRange.length >= steps,
                "numSteps",
                steps,
                "at most the " + inRange.length + " levels of the iDDPM table in the noise range");
        return Ramp.levels(steps, fraction -> inRange[(int) Math.rint(fraction * (inRange.length - 1))]);
    }

    // The official tool computes these in float32 and the table in float64: near the low end, where the recursion
    // cancels, exact arithmetic gives levels that differ by up to 5e-04.
    private float alphaBar(int j) {
        float sine = (float) Math.sin((float) (Math.PI / 2) * j / m / (float) (c2 + 1));
        return sine * sine;
    }

    @Override
    public IddpmSchedule clampedTo(double lowest, double highest) {
        return new IddpmSchedule(range.clampedTo(lowest, highest), c1, c2, m);
    }
}

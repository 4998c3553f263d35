package org.patchdiffusion.train.watch;

/**
 * A statistic over some values.
 *
 * @param num how many values
 * @param mean their mean
 * @param std their standard deviation, of the values as the whole population; 0 for one value
 */
public record Stat(long num, double mean, double std) {

    /** The statistic of one value. */
    public static Stat of(double value) {
        return new Stat(1, value, 0);
    }

    /**
     * The statistic of some values.
     *
     * @throws IllegalArgumentException if there are none
     */
    public static Stat of(double... values) {
        if (values.length == 0) {
            throw new IllegalArgumentException("statistic of no values, expected at least one");
        }
        RunningStat running = new RunningStat();
        for (double value : values) {
            running.add(value);
        }
        return running.get();
    }

    /** Whether it can be plotted. */
    boolean isFinite() {
        return Double.isFinite(mean) && Double.isFinite(std);
    }
}

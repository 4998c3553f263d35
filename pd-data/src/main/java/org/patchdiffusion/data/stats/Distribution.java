package org.patchdiffusion.data.stats;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How some numbers are spread.
 *
 * @param min the smallest
 * @param p5 5 % are below it
 * @param median half are below it
 * @param p95 95 % are below it
 * @param max the largest
 * @param mean their mean
 * @param counts how many lie in each of {@link #BINS} intervals of equal width from the smallest to the largest
 */
public record Distribution(
        double min, double p5, double median, double p95, double max, double mean, List<Long> counts) {

    /** Number of intervals. */
    public static final int BINS = 60;

    public Distribution {
        counts = List.copyOf(counts);
    }

    /**
     * The distribution of some numbers, which are sorted in place.
     *
     * @throws IllegalArgumentException if there are none
     */
    static Distribution of(double[] values) {
        if (values.length == 0) {
            throw new IllegalArgumentException("a distribution of no numbers, expected at least one");
        }
        Arrays.parallelSort(values);
        double min = values[0];
        double max = values[values.length - 1];
        long[] counts = new long[BINS];
        double sum = 0;
        for (double value : values) {
            sum += value;
            int bin = max > min ? (int) ((value - min) / (max - min) * BINS) : 0;
            counts[Math.min(bin, BINS - 1)]++;
        }
        List<Long> list = new ArrayList<>();
        Arrays.stream(counts).forEach(list::add);
        return new Distribution(
                min,
                quantile(values, 0.05),
                quantile(values, 0.5),
                quantile(values, 0.95),
                max,
                sum / values.length,
                list);
    }

    /** Between the two nearest order statistics, linearly (the usual rule, Hyndman and Fan's type 7). */
    private static double quantile(double[] sorted, double q) {
        double place = q * (sorted.length - 1);
        int below = (int) place;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }

    /** The middle of an interval. */
    public double centre(int bin) {
        return min + (bin + 0.5) * (max - min) / BINS;
    }
}

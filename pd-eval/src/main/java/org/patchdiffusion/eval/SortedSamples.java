package org.patchdiffusion.eval;

import java.util.Arrays;

/** Empirical distributions of numbers: sorting and the distance between them. */
final class SortedSamples {
    private static final int RADIX_BITS = 11;
    private static final int RADIX = 1 << RADIX_BITS;
    private static final int SMALL = 4096;

    private SortedSamples() {}

    /** Sorts finite numbers in place. A radix sort: the metric sorts hundreds of millions of projections. */
    static void sort(float[] values) {
        if (values.length < SMALL) {
            Arrays.sort(values);
            return;
        }
        int[] keys = new int[values.length];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = orderedKey(Float.floatToRawIntBits(values[i]));
        }
        int[] other = new int[keys.length];
        for (int shift = 0; shift < Integer.SIZE; shift += RADIX_BITS) {
            scatter(keys, other, shift);
            int[] swap = keys;
            keys = other;
            other = swap;
        }
        for (int i = 0; i < keys.length; i++) {
            values[i] = Float.intBitsToFloat(originalBits(keys[i]));
        }
    }

    /** Bits whose unsigned order is the order of the numbers. */
    private static int orderedKey(int bits) {
        return bits ^ (bits >> 31 | Integer.MIN_VALUE);
    }

    private static int originalBits(int key) {
        return key ^ (~key >> 31 | Integer.MIN_VALUE);
    }

    private static void scatter(int[] from, int[] to, int shift) {
        int[] place = new int[RADIX + 1];
        for (int key : from) {
            place[(key >>> shift & RADIX - 1) + 1]++;
        }
        for (int digit = 0; digit < RADIX; digit++) {
            place[digit + 1] += place[digit];
        }
        for (int key : from) {
            to[place[key >>> shift & RADIX - 1]++] = key;
        }
    }

    /**
     * The Wasserstein-1 distance between two sets of numbers, of equal weight each: the area between their quantile
     * functions. For sets of one size it is the mean absolute difference of the sorted numbers.
     *
     * @param a sorted, not empty
     * @param b sorted, not empty
     */
    static double distance(float[] a, float[] b) {
        double area = 0;
        int i = 0;
        int j = 0;
        long position = 0; // in units of 1 / (a.length * b.length)
        while (i < a.length && j < b.length) {
            long endOfA = (i + 1L) * b.length;
            long endOfB = (j + 1L) * a.length;
            long end = Math.min(endOfA, endOfB);
            area += (end - position) * Math.abs((double) a[i] - b[j]);
            position = end;
            if (endOfA == end) {
                i++;
            }
            if (endOfB == end) {
                j++;
            }
        }
        return area / ((double) a.length * b.length);
    }
}

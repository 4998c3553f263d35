package org.patchdiffusion.train.report;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** The statistics of a run: for each key a column of numbers, one a tick, NaN where a tick has none. Not thread-safe. */
final class RunStats {
    /** The image counter in thousands, which every tick has. */
    static final String KIMG = "Progress/kimg";

    /** A tick a second for eleven days. */
    static final int MOST_TICKS = 1_000_000;

    static final int MOST_KEYS = 500;
    private static final int FIRST_CAPACITY = 64;

    private final Map<String, double[]> columns = new LinkedHashMap<>();
    private int size;
    private int capacity = FIRST_CAPACITY;

    /**
     * Adds a tick, or more numbers of the last one, if it has the same count of images. A run that was stopped and went on
     * from an earlier checkpoint writes some ticks again: those from that count of images on are replaced.
     *
     * @param tick its numbers; {@link #KIMG} among them
     * @return how many earlier ticks it replaces
     * @throws IllegalArgumentException if there are too many ticks or keys
     */
    int add(Map<String, Double> tick) {
        double kimg = tick.get(KIMG);
        if (size > 0 && columns.get(KIMG)[size - 1] == kimg) {
            tick.forEach((key, value) -> column(key)[size - 1] = value);
            return 0;
        }
        int before = size;
        while (size > 0 && columns.get(KIMG)[size - 1] >= kimg) {
            size--;
        }
        if (size == MOST_TICKS) {
            throw new IllegalArgumentException("it has more than " + MOST_TICKS + " lines");
        }
        if (size == capacity) {
            capacity *= 2;
            columns.replaceAll((key, values) -> Arrays.copyOf(values, capacity));
        }
        columns.values().forEach(values -> values[size] = Double.NaN);
        tick.forEach((key, value) -> column(key)[size] = value);
        int replaced = before - size;
        size++;
        return replaced;
    }

    private double[] column(String key) {
        double[] values = columns.get(key);
        if (values == null) {
            if (columns.size() == MOST_KEYS) {
                throw new IllegalArgumentException("it has more than " + MOST_KEYS + " different keys");
            }
            values = new double[capacity];
            Arrays.fill(values, Double.NaN);
            columns.put(key, values);
        }
        return values;
    }

    /** Number of ticks. */
    int size() {
        return size;
    }

    /** All keys, sorted. */
    List<String> keys() {
        return List.copyOf(new TreeSet<>(columns.keySet()));
    }

    /** The column of a key, as long as there are ticks; all NaN if no tick has it. */
    double[] values(String key) {
        double[] values = columns.get(key);
        if (values == null) {
            values = new double[size];
            Arrays.fill(values, Double.NaN);
            return values;
        }
        return Arrays.copyOf(values, size);
    }

    /** The newest finite number of a key, NaN if there is none. */
    double last(String key) {
        double[] values = values(key);
        for (int i = size - 1; i >= 0; i--) {
            if (Double.isFinite(values[i])) {
                return values[i];
            }
        }
        return Double.NaN;
    }

    /** The sum of a key's finite numbers, NaN if there is none. */
    double sum(String key) {
        double sum = 0;
        boolean any = false;
        for (double value : values(key)) {
            if (Double.isFinite(value)) {
                sum += value;
                any = true;
            }
        }
        return any ? sum : Double.NaN;
    }

    /** How many ticks one of {@link #thinned} stands for. */
    static int stride(int ticks, int most) {
        return Math.max(1, (ticks + most - 1) / most);
    }

    /** A column in at most so many numbers: the means of equally many neighbours each, of those that are finite. */
    double[] thinned(String key, int most) {
        double[] values = values(key);
        int stride = stride(size, most);
        if (stride == 1) {
            return values;
        }
        double[] means = new double[(size + stride - 1) / stride];
        for (int i = 0; i < means.length; i++) {
            double sum = 0;
            int count = 0;
            for (int j = i * stride; j < Math.min(size, (i + 1) * stride); j++) {
                if (Double.isFinite(values[j])) {
                    sum += values[j];
                    count++;
                }
            }
            means[i] = count == 0 ? Double.NaN : sum / count;
        }
        return means;
    }
}

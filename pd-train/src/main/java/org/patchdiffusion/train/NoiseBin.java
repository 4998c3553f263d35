package org.patchdiffusion.train;

import java.math.BigDecimal;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A range of noise levels that losses are averaged over: at a low level the network copies details, at a high one it makes
 * up shapes, and their losses tell nothing of each other.
 *
 * @param low smallest sigma in it
 * @param high sigma from which the next one begins; infinite for the last
 */
public record NoiseBin(double low, double high) {

    /** About a factor of three each, around the levels that EDM trains on. */
    private static final double[] EDGES = {0, 0.03, 0.1, 0.3, 1, 3, Double.POSITIVE_INFINITY};

    /** All of them, from low to high. */
    public static final List<NoiseBin> ALL = IntStream.range(0, EDGES.length - 1)
            .mapToObj(i -> new NoiseBin(EDGES[i], EDGES[i + 1]))
            .toList();

    /** The one that a positive noise level is in. */
    public static NoiseBin of(double sigma) {
        return ALL.stream().filter(bin -> sigma < bin.high).findFirst().orElse(ALL.get(ALL.size() - 1));
    }

    /** Such as {@code 0.1-0.3}; the last one ends with {@code inf}. */
    public String label() {
        return text(low) + "-" + text(high);
    }

    private static String text(double edge) {
        return Double.isInfinite(edge)
                ? "inf"
                : BigDecimal.valueOf(edge).stripTrailingZeros().toPlainString();
    }
}

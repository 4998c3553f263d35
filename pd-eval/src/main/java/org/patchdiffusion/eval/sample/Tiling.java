package org.patchdiffusion.eval.sample;

import org.patchdiffusion.data.PatchSize;

/**
 * Overlapping windows that cover a picture.
 *
 * @param window size of a window
 * @param overlap pixels that neighbours share at least, below both sides of a window
 * @param weighting how their estimates are averaged where they overlap
 */
public record Tiling(PatchSize window, int overlap, Weighting weighting) {

    /** How much a window's estimate of a pixel counts. */
    public enum Weighting {
        /** Every window the same, as in sliding-window guidance. */
        EVEN,
        /** Falling towards the window's edge, so that nothing jumps where one ends. */
        FADING
    }

    /**
     * Checks the overlap.
     *
     * @throws IllegalArgumentException if it is negative, or not below the window's sides
     */
    public Tiling {
        if (overlap < 0 || overlap >= Math.min(window.height(), window.width())) {
            throw new IllegalArgumentException("windows of " + window + " that overlap by " + overlap
                    + " pixels, expected 0 or more, below the window's shorter side");
        }
    }

    /** Windows for drawing a large canvas: they fade into each other. */
    public static Tiling seamless(PatchSize window, int overlap) {
        return new Tiling(window, overlap, Weighting.FADING);
    }

    /**
     * Where the windows along a side begin, spread evenly.
     *
     * @throws IllegalArgumentException if the side is shorter than a window
     */
    int[] starts(int side, int length) {
        if (side < length) {
            throw new IllegalArgumentException("a canvas side of " + side + " pixels is shorter than the windows' "
                    + length + "; give a smaller window");
        }
        int stride = length - overlap;
        int count = 1 + (side - length + stride - 1) / stride;
        int[] starts = new int[count];
        for (int i = 1; i < count; i++) {
            starts[i] = (int) ((long) i * (side - length) / (count - 1));
        }
        return starts;
    }

    /** Weights along a side of a window, symmetric and positive. */
    float[] weights(int length) {
        float[] weights = new float[length];
        for (int i = 0; i < length; i++) {
            int fromEdge = Math.min(i, length - 1 - i);
            weights[i] = weighting == Weighting.EVEN ? 1 : Math.min(1, (fromEdge + 1f) / (overlap + 1f));
        }
        return weights;
    }
}

package org.patchdiffusion.model.engine.compiled;

import java.util.Arrays;

/** The working arrays of one replica: tiles that stay in the first-level cache, and per-channel rows repeated to a tile. */
final class Tiles {
    /** Floats in a tile: 4 KiB, so that a kernel's arrays together fit the cache. */
    static final int SIZE = 1024;

    final float[] x = new float[SIZE];
    final float[] y = new float[SIZE];
    final float[] z = new float[SIZE];
    final float[] half = new float[SIZE];
    final float[] clamped = new float[SIZE];
    final float[] tanh = new float[SIZE];
    final float[] a = new float[SIZE];
    final float[] b = new float[SIZE];
    final float[] c = new float[SIZE];

    private final int lanes;

    Tiles(int lanes) {
        this.lanes = lanes;
    }

    int lanes() {
        return lanes;
    }

    /** Repeats one block of channels, from {@code offset} on, over a tile of {@code n} floats. */
    void repeat(float[] row, int offset, float[] tile, int n) {
        System.arraycopy(row, offset, tile, 0, lanes);
        for (int filled = lanes; filled < n; filled *= 2) {
            System.arraycopy(tile, 0, tile, filled, Math.min(filled, n - filled));
        }
    }

    /** Adds a tile's columns to one block of per-channel sums. */
    void fold(float[] tile, int n, float[] sums, int offset) {
        for (int lane = 0; lane < lanes; lane++) {
            float sum = 0;
            for (int i = lane; i < n; i += lanes) {
                sum += tile[i];
            }
            sums[offset + lane] += sum;
        }
    }

    /** SiLU of (x·scale + shift) with the rows repeated in {@code a} and {@code b}; result in place. */
    void affineSilu(float[] tile, int n) {
        Loops.half(tile, a, b, half, n);
        Loops.clamp(half, clamped, n);
        Loops.tanh(clamped, tanh, n);
        Loops.silu(half, tanh, tile, n);
    }

    /** Derivative of SiLU at (x·scale + shift) times a gradient; result in place of the gradient. */
    void affineSiluGradient(float[] tile, float[] gradient, int n) {
        Loops.half(tile, a, b, half, n);
        Loops.clamp(half, clamped, n);
        Loops.tanh(clamped, tanh, n);
        Loops.siluGradient(half, tanh, gradient, gradient, n);
    }

    /** Sets both rows to the identity for {@link #affineSilu}. */
    void identity(int n) {
        Arrays.fill(a, 0, n, 1f);
        Arrays.fill(b, 0, n, 0f);
    }
}

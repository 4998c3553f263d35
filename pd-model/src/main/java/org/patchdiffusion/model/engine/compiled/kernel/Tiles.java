package org.patchdiffusion.model.engine.compiled.kernel;

import java.util.Arrays;

/** The working arrays of one replica: tiles that stay in the first-level cache, and per-channel rows repeated to a tile. */
public final class Tiles {
    /** Floats in a tile: 4 KiB, so that a kernel's arrays together fit the cache. */
    public static final int SIZE = 1024;

    /** Fewer pieces than this are added up one by one. */
    private static final int FEW_PIECES = 8;

    public final float[] x = new float[SIZE];
    public final float[] y = new float[SIZE];
    public final float[] z = new float[SIZE];
    public final float[] a = new float[SIZE];
    public final float[] b = new float[SIZE];
    public final float[] c = new float[SIZE];
    public final float[] d = new float[SIZE];
    private final float[] upper = new float[SIZE];
    private final float[] firstSum = new float[SIZE];
    private final float[] secondSum = new float[SIZE];

    private final int lanes;
    private final Kernels kernels = Kernels.create();

    public Tiles(int lanes) {
        this.lanes = lanes;
    }

    public int lanes() {
        return lanes;
    }

    /** Repeats one block of channels, from {@code offset} of the row on, over {@code n} floats of a tile. */
    public void repeat(float[] row, int offset, float[] tile, int at, int n) {
        System.arraycopy(row, offset, tile, at, lanes);
        for (int filled = lanes; filled < n; filled *= 2) {
            System.arraycopy(tile, at, tile, at + filled, Math.min(filled, n - filled));
        }
    }

    /** Starts two running sums over the tiles of a block, none longer than {@code n}. */
    public void startSums(int n) {
        Arrays.fill(firstSum, 0, n, 0f);
        Arrays.fill(secondSum, 0, n, 0f);
    }

    /** Adds {@code x − c} to the first running sum and its square to the second. */
    public void addCentred(int n) {
        kernels.addCentred(x, c, firstSum, secondSum, n);
    }

    /** Adds the gradient in {@code y} to the first running sum, and times {@code x − c} to the second. */
    public void addGradient(int n) {
        kernels.addGradient(y, x, c, firstSum, secondSum, n);
    }

    /** Adds the columns of the running sums to the per-channel sums of a block that fills the tile alone. */
    public void endSums(int n, float[] first, float[] second, int offset) {
        halve(firstSum, n / lanes, lanes);
        halve(secondSum, n / lanes, lanes);
        endSums(0, lanes, first, second, offset);
    }

    /** Adds the columns of {@code n} floats of the running sums to the per-channel sums of a block. */
    public void endSums(int at, int n, float[] first, float[] second, int offset) {
        for (int lane = 0; lane < lanes; lane++) {
            float sum = 0;
            float other = 0;
            for (int i = at + lane; i < at + n; i += lanes) {
                sum += firstSum[i];
                other += secondSum[i];
            }
            first[offset + lane] += sum;
            second[offset + lane] += other;
        }
    }

    /** Sum of a row of any length; destroys the row. */
    public float sum(float[] row, int n) {
        halve(row, n, 1);
        return row[0];
    }

    /**
     * Adds up {@code count} pieces of {@code width} floats each into the first: the upper half onto the lower one until
     * few are left. The upper half is copied away first: within one array C2 could not rule out an overlap.
     */
    private void halve(float[] row, int count, int width) {
        int pieces = count;
        while (pieces > FEW_PIECES) {
            int half = pieces / 2;
            int rest = pieces - half;
            for (int i = 0; i < half * width; i += SIZE) {
                int n = Math.min(SIZE, half * width - i);
                System.arraycopy(row, rest * width + i, upper, 0, n);
                if (i == 0) {
                    Loops.add(row, upper, row, n);
                } else {
                    addAt(row, i, n);
                }
            }
            pieces = rest;
        }
        for (int i = 0; i < width; i++) {
            float sum = row[i];
            for (int piece = 1; piece < pieces; piece++) {
                sum += row[piece * width + i];
            }
            row[i] = sum;
        }
    }

    private void addAt(float[] row, int offset, int n) {
        for (int i = 0; i < n; i++) {
            row[offset + i] += upper[i];
        }
    }

    /** x = SiLU(x·a + b). */
    public void affineSilu(int n) {
        kernels.affineSilu(x, a, b, x, n);
    }

    /** y = y · SiLU′(x·a + b). */
    public void affineSiluGradient(int n) {
        kernels.affineSiluGradient(x, a, b, y, y, n);
    }

    /** y = y·a + (x − d)·b + c. */
    public void combine(int n) {
        kernels.combine(y, a, x, d, b, c, y, n);
    }

    /** y = y·a + (x − d)·b + c + z·factor. */
    public void combineAdd(float factor, int n) {
        kernels.combineAdd(y, a, x, d, b, c, z, factor, y, n);
    }

    /** Sets both rows to the identity for {@link #affineSilu}. */
    public void identity(int n) {
        Arrays.fill(a, 0, n, 1f);
        Arrays.fill(b, 0, n, 0f);
    }
}

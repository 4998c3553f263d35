package org.patchdiffusion.model.engine.compiled.kernel;

import java.util.Arrays;

/** The working arrays of one replica: tiles that stay in the first-level cache, and running sums over tiles. */
public final class Tiles {
    /** Floats in a tile: 4 KiB, so that a kernel's arrays together fit the cache. */
    public static final int SIZE = 1024;

    /** Fewer pieces than this are added up one by one. */
    private static final int FEW_PIECES = 8;

    public final float[] x;
    public final float[] y;
    public final float[] z;
    public final float[] a;
    public final float[] b;
    public final float[] c;
    public final float[] d;
    private final float[] upper = new float[SIZE];
    private final float[] firstSum;
    private final float[] secondSum;
    private final float[] spare;
    private final Kernels kernels;

    /** Tiles of {@link #SIZE}. */
    public Tiles() {
        this(SIZE, Kernels.create(SIZE));
    }

    /**
     * Tiles for tensors with their channels last.
     *
     * @param channels of the widest of them, since a tile holds whole pixels
     */
    public static Tiles ofWholePixels(int channels) {
        return new Tiles(Math.max(SIZE, channels), new RoughKernels());
    }

    private Tiles(int size, Kernels kernels) {
        x = new float[size];
        y = new float[size];
        z = new float[size];
        a = new float[size];
        b = new float[size];
        c = new float[size];
        d = new float[size];
        firstSum = new float[size];
        secondSum = new float[size];
        spare = new float[size];
        this.kernels = kernels;
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
    void endSums(TileOrder order, int n, float[] first, float[] second, int offset) {
        int width = order.width();
        int length = n / order.pieces();
        for (int piece = 0; piece < order.pieces(); piece++) {
            addColumns(firstSum, piece * length, length, width, first, offset + piece * width);
            addColumns(secondSum, piece * length, length, width, second, offset + piece * width);
        }
    }

    private void addColumns(float[] sum, int at, int length, int width, float[] target, int offset) {
        float[] columns = sum;
        if (at > 0) {
            System.arraycopy(sum, at, spare, 0, length);
            columns = spare;
        }
        halve(columns, length / width, width);
        for (int i = 0; i < width; i++) {
            target[offset + i] += columns[i];
        }
    }

    /** Adds the columns of {@code n} floats of the running sums to the per-channel sums of a block of {@code lanes}. */
    void endSums(int lanes, int at, int n, float[] first, float[] second, int offset) {
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

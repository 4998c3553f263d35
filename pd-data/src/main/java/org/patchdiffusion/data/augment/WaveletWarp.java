package org.patchdiffusion.data.augment;

import java.util.Arrays;

/**
 * Executes an affine map on an image against aliasing (Karras et al. 2020, appendix B.2): the image is continued by mirroring,
 * upsampled by 2 with the wavelet filter sym6, sampled bilinearly at twice the resolution, filtered and downsampled.
 * Beyond a margin of a whole image on each side lies 0, the middle gray.
 */
final class WaveletWarp {

    /** Low-pass decomposition filter of the symlet with 6 vanishing moments (Daubechies 1992), of sum sqrt(2). */
    private static final double[] SYM6 = {
        0.015404109327027373,
        0.0034907120842174702,
        -0.11799011114819057,
        -0.048311742585633,
        0.4910559419267466,
        0.787641141030194,
        0.3379294217276218,
        -0.07263752278646252,
        -0.021060292512300564,
        0.04472490177066578,
        0.0017677118642428036,
        -0.007800708325034148
    };

    private static final int TAPS = SYM6.length;
    /** Rows and columns around the doubled image that the filter of the downsampling reaches. */
    private static final int REACH = TAPS / 2;
    /** For even and odd places of the upsampled axis, the weights of the pixels around, from left to right. */
    private static final float[][] UP = {upsampling(0), upsampling(1)};

    private static final float[] DOWN = downsampling();

    private final float[] values;
    private final int channels;
    private final int height;
    private final int width;
    private final AffineMap map;

    private WaveletWarp(float[] values, int channels, int height, int width, AffineMap newToOld) {
        this.values = values;
        this.channels = channels;
        this.height = height;
        this.width = width;
        // Sample i of the doubled new image, counted from its reach, lies (i + 1) / 2 - (size + reach) / 2 from the
        // centre.
        AffineMap fromSample = AffineMap.translation(-(width + REACH) / 2.0, -(height + REACH) / 2.0)
                .after(AffineMap.scaling(0.5, 0.5))
                .after(AffineMap.translation(1, 1));
        AffineMap toUpsampled =
                AffineMap.translation(span(width) - 1.0, span(height) - 1.0).after(AffineMap.scaling(2, 2));
        map = toUpsampled.after(newToOld).after(fromSample);
    }

    private static float[] upsampling(int parity) {
        float[] weights = new float[TAPS / 2];
        for (int k = 0; k < weights.length; k++) {
            weights[k] = (float) (Math.sqrt(2) * SYM6[TAPS - 2 - 2 * k + (parity == 0 ? 1 : 0)]);
        }
        return weights;
    }

    private static float[] downsampling() {
        float[] weights = new float[TAPS];
        for (int k = 0; k < TAPS; k++) {
            weights[k] = (float) (SYM6[k] / Math.sqrt(2));
        }
        return weights;
    }

    /** Pixels of an axis with its mirrored margins. */
    private static int span(int size) {
        return 3 * size - 2;
    }

    /**
     * Warps an image in place.
     *
     * @param values holds [channels, height, width] from {@code at} on
     * @param newToOld from places in the new image to places in the old one, in pixels around the centre
     */
    static void warp(float[] values, int at, int channels, int height, int width, AffineMap newToOld) {
        new WaveletWarp(values, channels, height, width, newToOld).run(at);
    }

    private void run(int at) {
        int columns = 2 * width + TAPS;
        int rows = 2 * height + TAPS;
        Window x = Window.of(map.xx() * (columns - 1), map.xy() * (rows - 1), map.x0(), 2 * span(width));
        Window y = Window.of(map.yx() * (columns - 1), map.yy() * (rows - 1), map.y0(), 2 * span(height));
        int area = height * width;
        float[] upsampled = new float[channels * y.length() * x.length()];
        for (int c = 0; c < channels; c++) {
            upsample(at + c * area, x, y, upsampled, c * y.length() * x.length());
        }
        float[] sampled = new float[channels * rows * columns];
        sample(upsampled, x, y, sampled, rows, columns);
        for (int c = 0; c < channels; c++) {
            downsample(sampled, c * rows * columns, rows, columns, at + c * area);
        }
    }

    /**
     * The part of an upsampled axis that a map reads, from {@code first} to {@code last}. The places -1 and
     * {@code size} just outside the axis may be among them, and are 0.
     */
    private record Window(int first, int last, int size) {

        /** The places that a + b + origin reaches for a and b from 0 to their values. */
        static Window of(double a, double b, double origin, int size) {
            double least = origin + Math.min(a, 0) + Math.min(b, 0);
            double most = origin + Math.max(a, 0) + Math.max(b, 0);
            int first = (int) Math.max(-1, Math.min(Math.floor(least), size - 1));
            int last = (int) Math.max(0, Math.min(Math.floor(most) + 1, size));
            return new Window(first, last, size);
        }

        int length() {
            return last - first + 1;
        }

        /** The place left of a coordinate, with another place of the window right of it. */
        int left(double coordinate) {
            return (int) Math.max(first, Math.min(Math.floor(coordinate), last - 1));
        }

        double clamp(double coordinate) {
            return Math.max(-1, Math.min(coordinate, size));
        }
    }

    private void upsample(int plane, Window x, Window y, float[] out, int at) {
        float[] row = new float[width];
        float[] padded = new float[span(width)];
        for (int v = y.first(); v <= y.last(); v++) {
            int to = at + (v - y.first()) * x.length();
            if (v < 0 || v == y.size()) {
                continue;
            }
            upsampledRow(plane, v, row);
            for (int i = 0; i < padded.length; i++) {
                padded[i] = row[Mirror.inside(i - (width - 1), width)];
            }
            for (int u = Math.max(x.first(), 0); u <= Math.min(x.last(), x.size() - 1); u++) {
                out[to + u - x.first()] = upsampledAt(padded, u);
            }
        }
    }

    /** The pixels of the original columns at row v of the upsampled rows. */
    private void upsampledRow(int plane, int v, float[] row) {
        Arrays.fill(row, 0);
        int first = firstTap(v);
        float[] weights = UP[v & 1];
        for (int k = 0; k < weights.length; k++) {
            int padded = first + k;
            if (padded < 0 || padded >= span(height)) {
                continue;
            }
            int from = plane + Mirror.inside(padded - (height - 1), height) * width;
            float weight = weights[k];
            for (int i = 0; i < width; i++) {
                row[i] += weight * values[from + i];
            }
        }
    }

    private static float upsampledAt(float[] padded, int u) {
        int first = firstTap(u);
        float[] weights = UP[u & 1];
        float sum = 0;
        for (int k = Math.max(0, -first); k < Math.min(weights.length, padded.length - first); k++) {
            sum += weights[k] * padded[first + k];
        }
        return sum;
    }

    /** The first pixel that place u of an upsampled axis depends on. */
    private static int firstTap(int u) {
        return Math.floorDiv(u - REACH + 1, 2);
    }

    private void sample(float[] from, Window x, Window y, float[] to, int rows, int columns) {
        int stride = x.length();
        int plane = stride * y.length();
        for (int j = 0; j < rows; j++) {
            for (int i = 0; i < columns; i++) {
                double u = x.clamp(map.x(i, j));
                double v = y.clamp(map.y(i, j));
                int left = x.left(u);
                int top = y.left(v);
                float right = (float) (u - left);
                float down = (float) (v - top);
                int index = (top - y.first()) * stride + left - x.first();
                for (int c = 0; c < channels; c++, index += plane) {
                    float upper = from[index] + right * (from[index + 1] - from[index]);
                    float lower = from[index + stride] + right * (from[index + stride + 1] - from[index + stride]);
                    to[(c * rows + j) * columns + i] = upper + down * (lower - upper);
                }
            }
        }
    }

    private void downsample(float[] from, int at, int rows, int columns, int plane) {
        float[] narrow = new float[rows * width];
        for (int j = 0; j < rows; j++) {
            int row = at + j * columns + 1;
            for (int i = 0; i < width; i++) {
                float sum = 0;
                for (int k = 0; k < TAPS; k++) {
                    sum += DOWN[k] * from[row + 2 * i + k];
                }
                narrow[j * width + i] = sum;
            }
        }
        Arrays.fill(values, plane, plane + height * width, 0);
        for (int j = 0; j < height; j++) {
            int to = plane + j * width;
            for (int k = 0; k < TAPS; k++) {
                int row = (2 * j + 1 + k) * width;
                for (int i = 0; i < width; i++) {
                    values[to + i] += DOWN[k] * narrow[row + i];
                }
            }
        }
    }
}

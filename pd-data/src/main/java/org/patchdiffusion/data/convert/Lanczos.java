package org.patchdiffusion.data.convert;

import org.patchdiffusion.data.source.PixelImage;

/**
 * Lanczos resampling with three lobes as Pillow computes it for bytes: rows first, then columns, each with weights
 * rounded to 22 bits behind the point and results rounded to bytes.
 */
final class Lanczos {

    private static final double LOBES = 3;
    private static final int BITS = 22;
    private static final int HALF = 1 << BITS - 1;

    private Lanczos() {}

    static PixelImage resize(PixelImage image, int height, int width) {
        int channels = image.channels();
        byte[] narrow = image.pixels();
        if (width != image.width()) {
            Taps taps = Taps.of(image.width(), width);
            narrow = new byte[channels * image.height() * width];
            for (int row = 0; row < channels * image.height(); row++) {
                taps.along(image.pixels(), row * image.width(), 1, narrow, row * width);
            }
        }
        if (height == image.height()) {
            return new PixelImage(channels, height, width, narrow);
        }
        Taps taps = Taps.of(image.height(), height);
        byte[] pixels = new byte[channels * height * width];
        for (int c = 0; c < channels; c++) {
            for (int x = 0; x < width; x++) {
                taps.along(narrow, c * image.height() * width + x, width, pixels, c * height * width + x);
            }
        }
        return new PixelImage(channels, height, width, pixels);
    }

    /**
     * Which source pixels make up each target pixel.
     *
     * @param first index of the first one
     * @param weights weight of the first one and those that follow, times 2^22; each row has sum 2^22 but for rounding
     */
    private record Taps(int[] first, int[][] weights) {

        static Taps of(int from, int to) {
            Taps taps = new Taps(new int[to], new int[to][]);
            double scale = (double) from / to;
            double stretch = Math.max(1, scale);
            double support = LOBES * stretch;
            for (int i = 0; i < to; i++) {
                double center = (i + 0.5) * scale;
                int start = Math.max(0, (int) (center - support + 0.5));
                int end = Math.min(from, (int) (center + support + 0.5));
                double[] exact = new double[end - start];
                double sum = 0;
                for (int k = 0; k < exact.length; k++) {
                    exact[k] = lanczos((start + k - center + 0.5) / stretch);
                    sum += exact[k];
                }
                taps.first[i] = start;
                taps.weights[i] = new int[exact.length];
                for (int k = 0; k < exact.length; k++) {
                    double weight = exact[k] / sum * (1 << BITS);
                    taps.weights[i][k] = (int) (weight < 0 ? weight - 0.5 : weight + 0.5);
                }
            }
            return taps;
        }

        private static double lanczos(double x) {
            return Math.abs(x) < LOBES ? sinc(x) * sinc(x / LOBES) : 0;
        }

        private static double sinc(double x) {
            return x == 0 ? 1 : StrictMath.sin(Math.PI * x) / (Math.PI * x);
        }

        /** Resamples one row or column. */
        void along(byte[] source, int start, int step, byte[] target, int to) {
            for (int i = 0; i < first.length; i++) {
                int[] row = weights[i];
                int at = start + first[i] * step;
                int sum = HALF;
                for (int weight : row) {
                    sum += weight * (source[at] & 255);
                    at += step;
                }
                target[to + i * step] = (byte) Math.max(0, Math.min(255, sum >> BITS));
            }
        }
    }
}

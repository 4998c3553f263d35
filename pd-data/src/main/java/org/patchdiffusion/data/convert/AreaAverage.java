package org.patchdiffusion.data.convert;

import org.patchdiffusion.data.source.PixelImage;

/**
 * Brings images to another size, one axis after the other, on the stored (not gamma-corrected) values: each smaller
 * pixel is the average of the area that it covers, so halving a size is exactly the average of 2x2 pixels; larger pixels
 * are interpolated linearly.
 */
final class AreaAverage {

    private AreaAverage() {}

    static PixelImage resize(PixelImage image, int height, int width) {
        Taps columns = Taps.of(image.width(), width);
        Taps rows = Taps.of(image.height(), height);
        byte[] pixels = new byte[image.channels() * height * width];
        double[] narrow = new double[image.height() * width];
        for (int c = 0; c < image.channels(); c++) {
            int plane = c * image.height() * image.width();
            for (int y = 0; y < image.height(); y++) {
                for (int x = 0; x < width; x++) {
                    double sum = 0;
                    for (int k = 0; k < columns.weights[x].length; k++) {
                        int column = columns.first[x] + k;
                        sum += columns.weights[x][k] * (image.pixels()[plane + y * image.width() + column] & 255);
                    }
                    narrow[y * width + x] = sum;
                }
            }
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    double sum = 0;
                    for (int k = 0; k < rows.weights[y].length; k++) {
                        sum += rows.weights[y][k] * narrow[(rows.first[y] + k) * width + x];
                    }
                    pixels[(c * height + y) * width + x] = (byte) Math.floor(sum + 0.5);
                }
            }
        }
        return new PixelImage(image.channels(), height, width, pixels);
    }

    /**
     * Which source pixels make up each target pixel.
     *
     * @param first index of the first one
     * @param weights weight of the first one and those that follow; each row has sum 1
     */
    private record Taps(int[] first, double[][] weights) {

        static Taps of(int from, int to) {
            Taps taps = new Taps(new int[to], new double[to][]);
            double step = (double) from / to;
            for (int i = 0; i < to; i++) {
                if (step >= 1) {
                    taps.cover(i, i * step, (i + 1) * step, from);
                } else {
                    taps.interpolate(i, (i + 0.5) * step - 0.5, from);
                }
            }
            return taps;
        }

        private void cover(int target, double start, double end, int from) {
            int last = Math.min(from, (int) Math.ceil(end));
            first[target] = (int) start;
            weights[target] = new double[last - first[target]];
            for (int j = first[target]; j < last; j++) {
                weights[target][j - first[target]] =
                        Math.max(0, Math.min(j + 1, end) - Math.max(j, start)) / (end - start);
            }
        }

        private void interpolate(int target, double center, int from) {
            double inside = Math.max(0, Math.min(from - 1, center));
            first[target] = (int) inside;
            double share = inside - first[target];
            weights[target] = share == 0 ? new double[] {1} : new double[] {1 - share, share};
        }
    }
}

package org.patchdiffusion.data.stats;

/** Power of the discrete Fourier transform of windowed images, by its definition along rows, then along columns. */
final class FourierTransform {
    private final int height;
    private final int width;
    private final double[] rowWindow;
    private final double[] columnWindow;
    private final double[] rowCos;
    private final double[] rowSin;
    private final double[] columnCos;
    private final double[] columnSin;
    private final double windowPower;

    FourierTransform(int height, int width) {
        this.height = height;
        this.width = width;
        rowWindow = hann(width);
        columnWindow = hann(height);
        rowCos = wave(width, 0);
        rowSin = wave(width, -Math.PI / 2);
        columnCos = wave(height, 0);
        columnSin = wave(height, -Math.PI / 2);
        windowPower = squares(rowWindow) * squares(columnWindow);
    }

    private static double[] hann(int size) {
        double[] window = new double[size];
        for (int i = 0; i < size; i++) {
            double s = Math.sin(Math.PI * (i + 0.5) / size);
            window[i] = s * s;
        }
        return window;
    }

    private static double[] wave(int size, double phase) {
        double[] wave = new double[size];
        for (int i = 0; i < size; i++) {
            wave[i] = Math.cos(2 * Math.PI * i / size + phase);
        }
        return wave;
    }

    private static double squares(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value * value;
        }
        return sum;
    }

    /** The power [height, width] of an image [channels, height, width], averaged over the channels. */
    double[] power(float[] image, int channels) {
        double[] power = new double[height * width];
        for (int c = 0; c < channels; c++) {
            add(windowed(image, c * height * width), power, 1 / (windowPower * channels));
        }
        return power;
    }

    /** A channel without its mean under the window. */
    private double[] windowed(float[] image, int at) {
        double sum = 0;
        double weights = 0;
        for (int y = 0, i = at; y < height; y++) {
            for (int x = 0; x < width; x++, i++) {
                double weight = columnWindow[y] * rowWindow[x];
                sum += weight * image[i];
                weights += weight;
            }
        }
        double mean = sum / weights;
        double[] out = new double[height * width];
        for (int y = 0, i = 0; y < height; y++) {
            for (int x = 0; x < width; x++, i++) {
                out[i] = (image[at + i] - mean) * columnWindow[y] * rowWindow[x];
            }
        }
        return out;
    }

    private void add(double[] plane, double[] power, double scale) {
        // The image is real: the columns beyond the middle mirror the others.
        for (int u = 0; u <= width / 2; u++) {
            double[] re = new double[height];
            double[] im = new double[height];
            for (int y = 0; y < height; y++) {
                int phase = 0;
                for (int x = 0; x < width; x++) {
                    double value = plane[y * width + x];
                    re[y] += value * rowCos[phase];
                    im[y] -= value * rowSin[phase];
                    phase += u;
                    phase = phase >= width ? phase - width : phase;
                }
            }
            for (int v = 0; v < height; v++) {
                double value = scale * columnPower(re, im, v);
                power[v * width + u] += value;
                if (u > 0 && 2 * u != width) {
                    power[(height - v) % height * width + width - u] += value;
                }
            }
        }
    }

    private double columnPower(double[] re, double[] im, int v) {
        double sumRe = 0;
        double sumIm = 0;
        int phase = 0;
        for (int y = 0; y < height; y++) {
            double cos = columnCos[phase];
            double sin = columnSin[phase];
            sumRe += re[y] * cos + im[y] * sin;
            sumIm += im[y] * cos - re[y] * sin;
            phase += v;
            phase = phase >= height ? phase - height : phase;
        }
        return sumRe * sumRe + sumIm * sumIm;
    }
}

package org.patchdiffusion.data.stats;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.patchdiffusion.data.ImageDataset;

/**
 * The power spectrum of the images, averaged over images, channels and directions. Each image loses its mean and is faded
 * out towards its edges (Hann window), so that its edges do not look like detail. White noise of variance v has power v at
 * every frequency but the lowest, from which taking the mean away takes some.
 *
 * @param images number of images it was taken from
 * @param frequencies centre of each ring, in cycles per pixel of the shorter side, ascending; above 0.5 lie the corners
 * @param power mean power in each ring
 * @param shares share of the variance in each ring
 * @param slope of log power against log frequency, by least squares over the rings from the second to 0.5; about -2 for
 *     photographs, 0 for white noise; NaN for images of fewer than 8 pixels a side
 */
public record PowerSpectrum(
        int images, List<Double> frequencies, List<Double> power, List<Double> shares, double slope) {

    /** The window spreads the mean that was taken away to the first ring. */
    private static final int FIRST_FITTED = 1;

    private static final int LEAST_FITTED = 3;
    /** Multiplications that may be spent; images beyond are left out. */
    private static final double WORK = 4e9;

    private static final int LEAST_IMAGES = 16;

    public PowerSpectrum {
        frequencies = List.copyOf(frequencies);
        power = List.copyOf(power);
        shares = List.copyOf(shares);
    }

    /** How many images of a shape are affordable, of those wanted. */
    static int affordable(int wanted, int channels, int height, int width) {
        double each = 2.0 * channels * height * width * (height + width);
        return (int) Math.min(wanted, Math.max(LEAST_IMAGES, WORK / each));
    }

    static PowerSpectrum of(ImageDataset dataset, int[] sample) {
        int height = dataset.height();
        int width = dataset.width();
        FourierTransform transform = new FourierTransform(height, width);
        double[] total = new double[height * width];
        // Sums in the order of the images, so that the result does not depend on the number of threads.
        double[][] planes = Arrays.stream(sample)
                .parallel()
                .mapToObj(i -> transform.power(dataset.values(i), dataset.channels()))
                .toArray(double[][]::new);
        for (double[] plane : planes) {
            for (int k = 0; k < total.length; k++) {
                total[k] += plane[k] / sample.length;
            }
        }
        return ofPlane(sample.length, total, height, width);
    }

    private static PowerSpectrum ofPlane(int images, double[] plane, int height, int width) {
        int side = Math.min(height, width);
        int rings = (int) Math.round(side * Math.sqrt(0.5)) + 1;
        double[] sums = new double[rings];
        int[] counts = new int[rings];
        double all = 0;
        for (int v = 0; v < height; v++) {
            for (int u = 0; u < width; u++) {
                double y = Math.min(v, height - v) / (double) height;
                double x = Math.min(u, width - u) / (double) width;
                int ring = Math.min(rings - 1, (int) Math.round(Math.hypot(x, y) * side));
                if (u + v > 0) {
                    sums[ring] += plane[v * width + u];
                    counts[ring]++;
                    all += plane[v * width + u];
                }
            }
        }
        List<Double> frequencies = new ArrayList<>();
        List<Double> power = new ArrayList<>();
        List<Double> shares = new ArrayList<>();
        for (int r = 1; r < rings; r++) {
            if (counts[r] > 0) {
                frequencies.add(r / (double) side);
                power.add(sums[r] / counts[r]);
                shares.add(all > 0 ? sums[r] / all : 0);
            }
        }
        return new PowerSpectrum(images, frequencies, power, shares, slope(frequencies, power));
    }

    private static double slope(List<Double> frequencies, List<Double> power) {
        int n = 0;
        double sx = 0;
        double sy = 0;
        double sxx = 0;
        double sxy = 0;
        for (int i = FIRST_FITTED; i < frequencies.size() && frequencies.get(i) <= 0.5; i++) {
            if (power.get(i) > 0) {
                double x = Math.log(frequencies.get(i));
                double y = Math.log(power.get(i));
                n++;
                sx += x;
                sy += y;
                sxx += x * x;
                sxy += x * y;
            }
        }
        return n < LEAST_FITTED ? Double.NaN : (n * sxy - sx * sy) / (n * sxx - sx * sx);
    }

    /** Share of the variance in waves no longer than this many pixels. */
    public double shareWithin(double pixels) {
        double share = 0;
        for (int i = 0; i < shares.size(); i++) {
            share += frequencies.get(i) * pixels >= 1 ? shares.get(i) : 0;
        }
        return share;
    }
}

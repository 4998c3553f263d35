package org.patchdiffusion.data.stats;

import java.util.ArrayList;
import java.util.List;

/**
 * Mean and standard deviation of all pixels.
 *
 * @param channelMeans mean of each channel
 * @param channelDeviations standard deviation of each channel
 * @param mean mean of all values
 * @param deviation standard deviation of all values: sigma_data
 * @param brightness the mean of each image
 */
public record PixelMoments(
        List<Double> channelMeans,
        List<Double> channelDeviations,
        double mean,
        double deviation,
        Distribution brightness) {

    public PixelMoments {
        channelMeans = List.copyOf(channelMeans);
        channelDeviations = List.copyOf(channelDeviations);
    }

    static PixelMoments of(List<ImageSummary> images, int channels, int area) {
        double[] sums = new double[channels];
        double[] squares = new double[channels];
        double[] brightness = new double[images.size()];
        for (int i = 0; i < brightness.length; i++) {
            ImageSummary image = images.get(i);
            for (int c = 0; c < channels; c++) {
                sums[c] += image.sums()[c];
                squares[c] += image.squares()[c];
                brightness[i] += image.sums()[c] / ((double) channels * area);
            }
        }
        double count = (double) images.size() * area;
        List<Double> means = new ArrayList<>();
        List<Double> deviations = new ArrayList<>();
        double sum = 0;
        double square = 0;
        for (int c = 0; c < channels; c++) {
            means.add(sums[c] / count);
            deviations.add(deviation(sums[c], squares[c], count));
            sum += sums[c];
            square += squares[c];
        }
        double all = count * channels;
        return new PixelMoments(means, deviations, sum / all, deviation(sum, square, all), Distribution.of(brightness));
    }

    private static double deviation(double sum, double square, double count) {
        double mean = sum / count;
        return Math.sqrt(Math.max(0, square / count - mean * mean));
    }
}

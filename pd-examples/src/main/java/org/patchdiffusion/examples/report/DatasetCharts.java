package org.patchdiffusion.examples.report;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.patchdiffusion.data.stats.Distances;
import org.patchdiffusion.data.stats.Distribution;
import org.patchdiffusion.data.stats.PowerSpectrum;

/** Draws the spectrum of a data set and the distances between its images. */
final class DatasetCharts {

    private DatasetCharts() {}

    /**
     * Power by frequency, both logarithmic, with the fitted line.
     *
     * @param side pixels of the shorter side, so that the axis counts waves across the image and has round marks
     */
    static BufferedImage spectrum(PowerSpectrum spectrum, int side) {
        List<Double> x = new ArrayList<>();
        List<Double> y = new ArrayList<>();
        for (int i = 0; i < spectrum.power().size() && spectrum.frequencies().get(i) <= 0.5; i++) {
            if (spectrum.power().get(i) > 0) {
                x.add(spectrum.frequencies().get(i) * side);
                y.add(spectrum.power().get(i));
            }
        }
        PlainChart chart = new PlainChart("waves across the shorter side", "power").legend();
        chart.styler().setXAxisLogarithmic(true).setYAxisLogarithmic(true);
        chart.line("power, mean of " + spectrum.images() + " images", x, y, PlainChart.FIRST);
        if (!Double.isNaN(spectrum.slope())) {
            chart.dashes(
                    String.format(Locale.ROOT, "slope %.2f", spectrum.slope()),
                    x.subList(1, x.size()),
                    fitted(x.subList(1, x.size()), y.subList(1, y.size()), spectrum.slope()),
                    PlainChart.SECOND);
        }
        return chart.paint();
    }

    /** The line of a slope through the middle of the points. */
    private static List<Double> fitted(List<Double> x, List<Double> y, double slope) {
        double meanX = x.stream().mapToDouble(Math::log).average().orElse(0);
        double meanY = y.stream().mapToDouble(Math::log).average().orElse(0);
        return x.stream()
                .map(value -> Math.exp(meanY + slope * (Math.log(value) - meanX)))
                .toList();
    }

    /** How often distances of each size occur. */
    static BufferedImage distances(Distances distances) {
        PlainChart chart = new PlainChart("distance", "how often (1: the most)").legend();
        chart.styler().setXAxisMin(0.0).setYAxisMin(0.0).setYAxisMax(1.05);
        add(chart, "all pairs", distances.pairwise(), PlainChart.FIRST);
        add(chart, "nearest neighbours", distances.nearest(), PlainChart.SECOND);
        return chart.paint();
    }

    private static void add(PlainChart chart, String name, Distribution distribution, Color color) {
        long most =
                distribution.counts().stream().mapToLong(count -> count).max().orElse(1);
        List<Double> x = new ArrayList<>(List.of(distribution.min()));
        List<Double> y = new ArrayList<>(List.of(0.0));
        for (int bin = 0; bin < Distribution.BINS; bin++) {
            x.add(distribution.centre(bin));
            y.add(distribution.counts().get(bin) / (double) most);
        }
        x.add(distribution.max());
        y.add(0.0);
        chart.line(name, x, y, color);
    }
}

package org.patchdiffusion.examples.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.patchdiffusion.data.stats.Distances;
import org.patchdiffusion.data.stats.Distribution;
import org.patchdiffusion.data.stats.PowerSpectrum;
import org.patchdiffusion.files.Messages;
import org.patchdiffusion.train.report.Chart;

/** The spectrum of a data set and the distances between its images, as charts. */
final class DatasetCharts {

    private DatasetCharts() {}

    /**
     * Power by frequency, both logarithmic, with the fitted line.
     *
     * @param side pixels of the shorter side, so that the axis counts waves across the image and has round marks
     */
    static Chart spectrum(PowerSpectrum spectrum, int side) {
        List<Double> x = new ArrayList<>();
        List<Double> y = new ArrayList<>();
        for (int i = 0; i < spectrum.power().size() && spectrum.frequencies().get(i) <= 0.5; i++) {
            if (spectrum.power().get(i) > 0) {
                x.add(spectrum.frequencies().get(i) * side);
                y.add(spectrum.power().get(i));
            }
        }
        List<Chart.Series> series = new ArrayList<>();
        series.add(series("power, mean of " + Messages.count(spectrum.images(), "image"), x, y, 0, false));
        if (!Double.isNaN(spectrum.slope())) {
            List<Double> rest = x.subList(1, x.size());
            series.add(series(
                    String.format(Locale.ROOT, "slope %.2f", spectrum.slope()),
                    rest,
                    fitted(rest, y.subList(1, y.size()), spectrum.slope()),
                    1,
                    true));
        }
        return Chart.of("Power by frequency", "waves across the shorter side", "power", series)
                .logarithmic(true, true);
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
    static Chart distances(Distances distances) {
        return Chart.of(
                "Distances between images",
                "distance",
                "how often (1: the most)",
                List.of(
                        series("all pairs", distances.pairwise(), 0),
                        series("nearest neighbours", distances.nearest(), 1)));
    }

    private static Chart.Series series(String name, Distribution distribution, int colour) {
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
        return series(name, x, y, colour, false);
    }

    private static Chart.Series series(String name, List<Double> x, List<Double> y, int colour, boolean dashed) {
        return new Chart.Series(name, List.of(array(x)), array(y), colour, dashed);
    }

    private static double[] array(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }
}

package org.patchdiffusion.train.report;

import java.util.List;

/**
 * Curves over a common axis, for a page; who reads the page can zoom them, smooth them and put them on a log scale.
 *
 * @param title what is shown
 * @param note a sentence below the title; empty for none
 * @param xNames names of the axes that the reader can choose between, with their units; the first is shown at first
 * @param yName name of the vertical axis, with its unit
 * @param logX whether the horizontal axis is logarithmic
 * @param logY whether the vertical axis is logarithmic at first
 * @param series the curves, in the order of the legend
 */
public record Chart(
        String title, String note, List<String> xNames, String yName, boolean logX, boolean logY, List<Series> series) {

    /**
     * A curve.
     *
     * @param name its name in the legend
     * @param x where its points are, for each of the chart's axes; values that are not finite make gaps
     * @param y its values, as many
     * @param colour number of its colour, from 0; curves of one number look alike
     * @param dashed whether the line is dashed
     */
    public record Series(String name, List<double[]> x, double[] y, int colour, boolean dashed) {
        /**
         * Checks the lengths.
         *
         * @throws IllegalArgumentException if an axis has not as many values as the curve
         */
        public Series {
            for (double[] axis : x) {
                if (axis.length != y.length) {
                    throw new IllegalArgumentException("the curve " + name + " has " + y.length
                            + " values, but its axis has " + axis.length + "; expected as many");
                }
            }
            x = List.copyOf(x);
        }
    }

    /**
     * Checks the axes.
     *
     * @throws IllegalArgumentException if a curve has not one list of places for each axis
     */
    public Chart {
        for (Series one : series) {
            if (one.x().size() != xNames.size()) {
                throw new IllegalArgumentException("the curve " + one.name() + " has "
                        + one.x().size() + " axes, but the chart has " + xNames.size() + "; expected as many");
            }
        }
        xNames = List.copyOf(xNames);
        series = List.copyOf(series);
    }

    /** A chart of one axis, linear both ways. */
    public static Chart of(String title, String xName, String yName, List<Series> series) {
        return new Chart(title, "", List.of(xName), yName, false, false, series);
    }

    /** The same chart with logarithmic axes. */
    public Chart logarithmic(boolean x, boolean y) {
        return new Chart(title, note, xNames, yName, x, y, series);
    }
}

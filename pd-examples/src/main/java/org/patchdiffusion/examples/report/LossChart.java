package org.patchdiffusion.examples.report;

import java.awt.image.BufferedImage;
import java.util.List;

/** Draws a loss curve as a picture. */
public final class LossChart {

    private LossChart() {}

    /**
     * Draws the curve.
     *
     * @throws IllegalArgumentException if it has no points
     */
    public static BufferedImage draw(LossCurve curve) {
        if (curve.images().isEmpty()) {
            throw new IllegalArgumentException("there is no loss to draw: no training step was taken");
        }
        PlainChart chart = new PlainChart(
                "thousands of images shown (patches count as images)", "loss per pixel and channel, smoothed");
        chart.styler().setYAxisMin(0.0);
        chart.styler().setYAxisDecimalPattern("0.0#");
        List<Double> thousands =
                curve.images().stream().map(images -> images / 1000).toList();
        return chart.line("loss", thousands, curve.losses(), PlainChart.FIRST).paint();
    }
}

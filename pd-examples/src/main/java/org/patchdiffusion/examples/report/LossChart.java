package org.patchdiffusion.examples.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.List;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws a loss curve as a picture. */
public final class LossChart {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 420;
    /** The picture has twice the pixels, for dense screens. */
    private static final int SCALE = 2;

    private static final Color INK = new Color(0x33, 0x3A, 0x45);
    private static final Color GRID = new Color(0xE3, 0xE6, 0xEA);
    private static final Color LINE = new Color(0x1F, 0x6F, 0xB2);

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
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .xAxisTitle("thousands of images shown (patches count as images)")
                .yAxisTitle("loss per pixel and channel, smoothed")
                .build();
        style(chart.getStyler());
        List<Double> thousands =
                curve.images().stream().map(images -> images / 1000).toList();
        XYSeries series = chart.addSeries("loss", thousands, curve.losses());
        series.setMarker(SeriesMarkers.NONE);
        series.setLineColor(LINE);
        series.setLineStyle(new BasicStroke(2));
        return paint(chart);
    }

    private static void style(XYStyler styler) {
        Font font = new Font(Font.SANS_SERIF, Font.PLAIN, 13);
        styler.setLegendVisible(false);
        styler.setChartTitleVisible(false);
        styler.setYAxisMin(0.0);
        styler.setYAxisDecimalPattern("0.0#");
        styler.setChartBackgroundColor(Color.WHITE);
        styler.setPlotBackgroundColor(Color.WHITE);
        styler.setPlotBorderVisible(false);
        styler.setPlotGridLinesColor(GRID);
        styler.setChartFontColor(INK);
        styler.setAxisTickLabelsColor(INK);
        styler.setAxisTickMarksColor(GRID);
        styler.setAxisTitleFont(font);
        styler.setAxisTickLabelsFont(font);
    }

    private static BufferedImage paint(XYChart chart) {
        BufferedImage picture = new BufferedImage(WIDTH * SCALE, HEIGHT * SCALE, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = picture.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.scale(SCALE, SCALE);
        chart.paint(graphics, WIDTH, HEIGHT);
        graphics.dispose();
        return picture;
    }
}

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
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** A chart of lines in the style of the reports. */
final class PlainChart {
    static final Color FIRST = new Color(0x1F, 0x6F, 0xB2);
    static final Color SECOND = new Color(0xC7, 0x5B, 0x12);

    private static final int WIDTH = 900;
    private static final int HEIGHT = 420;
    /** The picture has twice the pixels, for dense screens. */
    private static final int SCALE = 2;

    private static final Color INK = new Color(0x33, 0x3A, 0x45);
    private static final Color GRID = new Color(0xE3, 0xE6, 0xEA);

    private final XYChart chart;

    PlainChart(String xTitle, String yTitle) {
        chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .xAxisTitle(xTitle)
                .yAxisTitle(yTitle)
                .build();
        XYStyler styler = chart.getStyler();
        Font font = new Font(Font.SANS_SERIF, Font.PLAIN, 13);
        styler.setLegendVisible(false);
        styler.setChartTitleVisible(false);
        styler.setChartBackgroundColor(Color.WHITE);
        styler.setPlotBackgroundColor(Color.WHITE);
        styler.setPlotBorderVisible(false);
        styler.setPlotGridLinesColor(GRID);
        styler.setChartFontColor(INK);
        styler.setAxisTickLabelsColor(INK);
        styler.setAxisTickMarksColor(GRID);
        styler.setAxisTitleFont(font);
        styler.setAxisTickLabelsFont(font);
        styler.setLegendFont(font);
        styler.setLegendBorderColor(Color.WHITE);
    }

    XYStyler styler() {
        return chart.getStyler();
    }

    /** Shows below the chart what each line is: inside it could hide a peak. */
    PlainChart legend() {
        chart.getStyler().setLegendVisible(true);
        chart.getStyler().setLegendPosition(Styler.LegendPosition.OutsideS);
        chart.getStyler().setLegendLayout(Styler.LegendLayout.Horizontal);
        return this;
    }

    PlainChart line(String name, List<Double> x, List<Double> y, Color color) {
        return series(name, x, y, color, new BasicStroke(2), SeriesMarkers.NONE);
    }

    PlainChart dashes(String name, List<Double> x, List<Double> y, Color color) {
        BasicStroke dashed = new BasicStroke(2, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {8, 6}, 0);
        return series(name, x, y, color, dashed, SeriesMarkers.NONE);
    }

    private PlainChart series(
            String name, List<Double> x, List<Double> y, Color color, BasicStroke stroke, Marker marker) {
        XYSeries series = chart.addSeries(name, x, y);
        series.setMarker(marker);
        series.setLineColor(color);
        series.setLineStyle(stroke);
        return this;
    }

    BufferedImage paint() {
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

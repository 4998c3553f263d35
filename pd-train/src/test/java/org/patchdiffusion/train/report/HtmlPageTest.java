package org.patchdiffusion.train.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.patchdiffusion.eval.PngFiles;

class HtmlPageTest {

    @Test
    void thePageNeedsNothingBesideItAndEscapesText(@TempDir Path folder) throws IOException {
        Path png = folder.resolve("a.png");
        PngFiles.write(png, new BufferedImage(2, 2, BufferedImage.TYPE_INT_RGB));
        Path page = folder.resolve("page.html");
        new HtmlPage("A <b> & \"c\"")
                .facts(Map.of("name", "1 < 2"))
                .numbers(List.of("set", "mean"), Map.of("noise", List.of("3.0")))
                .picture(png, "black", true)
                .write(page);
        String html = Files.readString(page);
        assertTrue(html.contains("<h1>A &lt;b&gt; &amp; &quot;c&quot;</h1>"), html);
        assertTrue(html.contains("<td>1 &lt; 2</td>"), html);
        assertTrue(html.contains("<td>noise</td><td class=\"number\">3.0</td>"), html);
        assertTrue(html.contains("src=\"data:image/png;base64,iVBOR"), html);
        assertFalse(html.contains("http:") || html.contains("https:"), "a page that loads nothing");
        assertFalse(html.contains("<script"), "a page without charts needs no script");
    }

    @Test
    void aColumnThatTwoCurvesShareStandsOnceInThePage() {
        double[] x = {1, 2.5, 1e20};
        double[] y = {0.1, Double.NaN, Double.NEGATIVE_INFINITY};
        Chart chart = Chart.of(
                "title",
                "x",
                "y",
                List.of(
                        new Chart.Series("</script><b>", List.of(x), y, 0, false),
                        new Chart.Series("b", List.of(x), x, 1, true)));
        String html = new HtmlPage("page")
                .chart(chart)
                .chart(chart.logarithmic(true, false))
                .toString();
        assertTrue(html.contains("\"columns\":[[1,2.5,1.0E20],[0.1,null,null]]"), html);
        assertTrue(html.contains("\\u003c/script>\\u003cb>"), "no name ends the script");
        assertEquals(2, html.split("<figure class=\"chart\"", -1).length - 1);
    }

    @Test
    void curvesAndAxesFitEachOther() {
        double[] two = {1, 2};
        Exception length = assertThrows(
                IllegalArgumentException.class, () -> new Chart.Series("loss", List.of(two), new double[3], 0, false));
        assertEquals("the curve loss has 3 values, but its axis has 2; expected as many", length.getMessage());
        Chart.Series series = new Chart.Series("loss", List.of(two, two), two, 0, false);
        Exception axes = assertThrows(IllegalArgumentException.class, () -> Chart.of("t", "x", "y", List.of(series)));
        assertTrue(axes.getMessage().contains("has 2 axes, but the chart has 1"), axes.getMessage());
    }
}

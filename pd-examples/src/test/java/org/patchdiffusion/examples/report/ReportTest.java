package org.patchdiffusion.examples.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.eval.PngFiles;
import org.patchdiffusion.train.StepResult;

class ReportTest {

    private static StepResult step(long number, double loss) {
        return new StepResult(number, number, new PatchSize(8, 8), 4, loss * 192, loss, 1e-3, 0);
    }

    @Test
    void aLongRunStaysWithinBoundsAndKeepsItsShape() {
        LossCurve curve = new LossCurve();
        for (int i = 0; i < 100_000; i++) {
            curve.stepDone(step(i, i < 50_000 ? 2 : 1));
        }
        int points = curve.images().size();
        assertTrue(points >= 1000 && points <= 2000, "points: " + points);
        assertEquals(points, curve.losses().size());
        assertEquals(400_000, curve.imagesShown());
        assertEquals(2, curve.losses().get(0), 1e-12);
        assertEquals(1, curve.last(), 1e-9);
        for (int i = 1; i < points; i++) {
            assertTrue(curve.images().get(i) > curve.images().get(i - 1));
        }
    }

    @Test
    void theFirstStepsWeighAsInAMean() {
        LossCurve curve = new LossCurve();
        curve.stepDone(step(0, 4));
        curve.stepDone(step(1, Double.NaN));
        curve.stepDone(step(2, 1));
        assertEquals(3, curve.last(), 1e-12);
    }

    @Test
    void theChartDrawsALineInInk() {
        LossCurve curve = new LossCurve();
        assertThrows(IllegalArgumentException.class, () -> LossChart.draw(curve));
        for (int i = 0; i < 100; i++) {
            curve.stepDone(step(i, 1.0 / (i + 1)));
        }
        BufferedImage chart = LossChart.draw(curve);
        assertEquals(1800, chart.getWidth());
        int blue = 0;
        for (int y = 0; y < chart.getHeight(); y++) {
            for (int x = 0; x < chart.getWidth(); x++) {
                blue += (chart.getRGB(x, y) & 0xFFFFFF) == 0x1F6FB2 ? 1 : 0;
            }
        }
        assertTrue(blue > 1000, "pixels of the line: " + blue);
    }

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
        assertTrue(!html.contains("http"), "a page that loads nothing");
    }
}

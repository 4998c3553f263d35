package org.patchdiffusion.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetStatsCommandTest {
    @TempDir
    Path folder;

    private Path pictures() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 12, 16, 24);
        Files.copy(data.resolve("image3.png"), data.resolve("image8.png"), StandardCopyOption.REPLACE_EXISTING);
        Pictures.labels(data, 12, 3);
        return data;
    }

    @Test
    void aPageAndOneLineOfJsonTellWhatTheDataIsLike() throws IOException {
        Path out = folder.resolve("out");
        Outcome outcome = Outcome.of("dataset", "stats", "--data", pictures(), "--outdir", out);
        assertEquals(0, outcome.code(), outcome.err());
        assertEquals(1, outcome.out().lines().count());
        JsonNode json = new ObjectMapper().readTree(outcome.lastLine());
        assertEquals(12, json.get("images").intValue());
        // Uniform samples 0 to 255 on [-1, 1].
        assertEquals(1 / Math.sqrt(3), json.get("deviation").doubleValue(), 0.02);
        assertEquals(0, json.get("spectrum_slope").doubleValue(), 0.2);
        assertEquals(1, json.get("exact_copies").intValue());
        assertEquals("[[\"image3.png\",\"image8.png\"]]", json.get("exact").toString());
        assertEquals("{\"0\":4,\"1\":4,\"2\":4}", json.get("classes").toString());
        assertEquals(
                json.get("deviation").doubleValue(),
                json.at("/suggestions/sigma_data/value").asDouble(),
                1e-3);
        assertTrue(outcome.err().contains("equal: image3.png, image8.png"), outcome.err());

        String page = Files.readString(out.resolve("stats.html"));
        assertTrue(page.contains("12 of 16x24") && page.contains("<td>sigma_data</td>"), page);
        assertTrue(page.contains("image3.png, image8.png"), page);
        BufferedImage sheet = ImageIO.read(out.resolve("contact-sheet.png").toFile());
        // Fourteen columns of images enlarged threefold.
        assertEquals(14 * (16 * 3 + 2) + 2, sheet.getWidth());
        JsonNode charts = charts(page);
        JsonNode spectrum = charts.at("/charts/0");
        assertTrue(spectrum.get("logX").booleanValue() && spectrum.get("logY").booleanValue(), spectrum.toString());
        assertEquals("power, mean of 12 images", spectrum.at("/series/0/name").textValue());
        assertEquals(
                String.format(
                        Locale.ROOT, "slope %.2f", json.get("spectrum_slope").doubleValue()),
                spectrum.at("/series/1/name").textValue());
        JsonNode farthest =
                charts.get("columns").get(charts.at("/charts/1/series/0/x/0").intValue());
        assertEquals(
                json.get("largest_distance").doubleValue(),
                farthest.get(farthest.size() - 1).doubleValue());
    }

    /** What the page draws its charts from. */
    private static JsonNode charts(String page) throws IOException {
        String start = "id=\"chart-data\">";
        int from = page.indexOf(start) + start.length();
        return new ObjectMapper().readTree(page.substring(from, page.indexOf("</script>", from)));
    }

    @Test
    void theSameDataGivesTheSameNumbers() throws IOException {
        Path data = pictures();
        Object[] command = {"dataset", "stats", "--data", data, "--sample", 5, "--seed", 3};
        Outcome first = Outcome.of(command);
        assertEquals(0, first.code(), first.err());
        assertTrue(first.lastLine().contains("\"distance_images\":5,"), first.lastLine());
        assertEquals(first.lastLine(), Outcome.of(command).lastLine());
    }

    @Test
    void wrongUsageIsOneSentence() throws IOException {
        Outcome small = Outcome.of("dataset", "stats", "--data", pictures(), "--sample", 1);
        assertEquals(2, small.code());
        assertTrue(small.error().contains("--sample N: it is 1, expected a whole number from 2"), small.error());
        Path one = Pictures.folder(folder.resolve("one"), 1, 8, 8);
        Outcome single = Outcome.of("dataset", "stats", "--data", one);
        assertEquals(1, single.code());
        assertTrue(single.error().contains("one: has one image"), single.error());
        assertFalse(Files.exists(folder.resolve("out")));
        Outcome converting = Outcome.of("dataset", "--source", one);
        assertEquals(2, converting.code());
        assertTrue(converting.error().contains("Missing required option: '--dest=PATH'"), converting.error());
    }
}

package org.patchdiffusion.train.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunPageTest {

    @TempDir
    Path folder;

    private String page(RunFiles... runs) throws IOException {
        Path file = folder.resolve("page.html");
        RunReport.write(List.of(runs).stream().map(RunFiles::path).toList(), file);
        return Files.readString(file);
    }

    private RunFiles run(String name) throws IOException {
        return RunFiles.make(folder.resolve(name));
    }

    @Test
    void theNumbersOfThePageAreThoseOfTheFile() throws IOException {
        RunFiles run = run("00000-a").options("{}");
        List<Double> losses = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            double loss = Math.exp(-i * 0.37) + 1.0 / 3;
            losses.add(loss);
            Map<String, Double> values = i % 2 == 0
                    ? Map.of("Loss/loss", loss, "Loss/patch/8", 2 * loss, "Validation/sigma/0.5", 3 * loss)
                    : Map.of("Loss/loss", loss, "Loss/patch/16", 4 * loss);
            run.tick(i * 1.1 + 0.1, values);
        }
        JsonNode data = RunFiles.charts(page(run));
        assertEquals(losses, RunFiles.curve(data, "Loss by patch size", 0));
        List<Double> small = RunFiles.curve(data, "Loss by patch size", 1);
        List<Double> large = RunFiles.curve(data, "Loss by patch size", 2);
        for (int i = 0; i < 40; i++) {
            assertEquals(i % 2 == 0 ? 2 * losses.get(i) : null, small.get(i));
            assertEquals(i % 2 == 0 ? null : 4 * losses.get(i), large.get(i));
        }
        assertEquals(
                3 * losses.get(38),
                RunFiles.curve(data, "Validation by noise level", 0).get(38));
        assertEquals(losses, RunFiles.curve(data, "Loss/loss", 0));
        assertEquals(39 * 1.1 + 0.1, RunFiles.curve(data, "Progress/kimg", 0).get(39));
        assertEquals(
                1.75e9 + 39 * 1.1 + 0.1, RunFiles.curve(data, "timestamp", 0).get(39));
    }

    @Test
    void aTickWithoutALossIsAGapAndIsSaid() throws IOException {
        RunFiles run = run("00000-a")
                .options("{}")
                .tick(1, Map.of("Loss/loss", 1.0))
                .tick(2, Map.of("Loss/non_finite_steps", 7.0));
        String page = page(run);
        assertNull(
                RunFiles.curve(RunFiles.charts(page), "Loss by patch size", 0).get(1));
        assertTrue(page.contains("In 1 of 2 ticks no step had a finite loss."), page);
        assertTrue(page.contains("In 7 steps the loss or some of its gradient was not finite."), page);
    }

    @Test
    void speedAndItsSplitAreThoseOfTheRun() throws IOException {
        RunFiles run = run("00000-a").options("{}");
        for (int i = 1; i <= 2; i++) {
            Map<String, Double> values =
                    new HashMap<>(Map.of("Timing/sec_per_tick", 99.0, "Timing/total_sec", 1815.0 * i));
            values.put("Speed/images_per_sec", 100.0 * i);
            values.put("Speed/images_per_sec/8", 900.0);
            values.put("Speed/images_per_sec/32", 40.0 * i);
            values.put("Split/step_sec", 1080.0 * i);
            values.put("Split/optimizer_sec", 60.0 * i);
            values.put("Split/data_sec", 60.0 * i);
            values.put("Split/samples_sec", 6.0);
            run.tick(i, values);
        }
        String page = page(run);
        // Ticks of 1200 and 2400 seconds: (100 + 200·2) / 3 and (40 + 80·2) / 3
        assertTrue(
                page.contains("Patches and whole images together: 167 images a second. Steps on whole images alone: 67."
                        + " That is 2.50 times the images a second of training on whole images."),
                page);
        assertTrue(
                page.contains("<td>step</td><td class=\"number\">3,240.0</td><td class=\"number\">89.3%</td>"), page);
        assertTrue(page.contains("<td>other</td><td class=\"number\">18.0</td><td class=\"number\">0.5%</td>"), page);
        assertTrue(page.contains("Around the steps: 5.5% of the time"), page);
        assertTrue(page.contains("<dt>Time</dt><dd>1 h 00 min</dd>"), page);
    }

    @Test
    void namesThatAreHtmlStayText() throws IOException {
        String hostile = "</script><script>alert(1)</script><img src=x onerror=alert(2)>";
        String json = "\"" + hostile + "\"";
        RunFiles run = run("00000-<b>run & more")
                .options("{\"data\": {\"name\": " + json + "}, " + json + ": " + json + ", \"patch_sizes\": " + json
                        + ", \"command_line\": [\"pd\", " + json + ", \"it's\"], \"training\": {\"batch\": " + json
                        + "}}")
                .tick(1, Map.of("Loss/loss", 1.0, "Loss/patch/8", 1.0, hostile, 2.0, "Split/" + hostile, 1.0))
                .log("failed: " + hostile + "\n")
                .picture("samples-000001.png", 2, 2, 0);
        String page = page(run);
        assertEquals(3, page.split("<script", -1).length, "the data and the script, nothing else");
        assertFalse(page.contains("<img src=x"), page);
        assertFalse(page.contains("<b>run"), page);
        assertTrue(page.contains("<h1>00000-&lt;b&gt;run &amp; more</h1>"), page);
        assertEquals(List.of(2.0), RunFiles.curve(RunFiles.charts(page), hostile, 0));
        assertTrue(page.contains("pd '&lt;/script&gt;"), page);
        assertTrue(page.contains("'it'\\''s'"), page);
    }

    @Test
    void aPageThatComparesHasEachRunAndWhatDiffers() throws IOException {
        RunFiles first = run("00000-a")
                .options("{\"training\": {\"batch\": 16, \"seed\": 0}, \"model\": {\"height\": 16}}")
                .tick(1, Map.of("Loss/loss", 1.0, "Loss/patch/16", 0.75))
                .log("finished: duration\n")
                .picture("reals.png", 4, 2, 1)
                .picture("samples-000001.png", 4, 2, 2);
        RunFiles second = run("00001-b")
                .options("{\"training\": {\"batch\": 32, \"seed\": 0}, \"model\": {\"height\": 16}}")
                .tick(1, Map.of("Loss/loss", 2.0))
                .tick(2, Map.of("Loss/loss", 1.5))
                .picture("reals.png", 4, 2, 1)
                .picture("samples-000002_540.png", 6, 2, 3);
        String page = page(first, second);
        JsonNode data = RunFiles.charts(page);
        assertEquals(List.of(1.0), RunFiles.curve(data, "Loss", 0));
        assertEquals(List.of(2.0, 1.5), RunFiles.curve(data, "Loss", 1));
        assertEquals(List.of(0.75), RunFiles.curve(data, "Loss by patch size: whole images, 16", 0));
        assertTrue(page.contains("<tr><td>training.batch</td><td>16</td><td>32</td></tr>"), page);
        assertFalse(page.contains("training.seed"), "what does not differ is not in the table");
        assertTrue(
                page.contains("<td>State</td><td class=\"number\">finished: duration</td>"
                        + "<td class=\"number\">no end in the log: it goes on or was killed</td>"),
                page);
        assertEquals(2, page.split("<figcaption>Real images", -1).length, "the same real images once");
        assertTrue(
                page.contains("width=\"6\" height=\"2\" alt=\"samples after 2,540 images\" data-images=\"2540\""),
                page);
    }

    @Test
    void aFolderThatIsNoRunIsRefusedWithWhatToName() throws IOException {
        Path file = folder.resolve("page.html");
        Path runs = run("runs/00003-x").options("{}").path().getParent();
        assertEquals(
                runs
                        + " is not the folder of a run: it has neither training_options.json nor stats.jsonl; did you mean "
                        + runs.resolve("00003-x") + "?",
                assertThrows(IOException.class, () -> RunReport.write(List.of(runs), file))
                        .getMessage());
        Path nowhere = folder.resolve("nowhere");
        assertEquals(
                nowhere + " is not there; name the folder of a run, such as runs/00000-…",
                assertThrows(IOException.class, () -> RunReport.write(List.of(nowhere), file))
                        .getMessage());
        assertFalse(Files.exists(file));
    }

    @Test
    void whatIsMissingOrDamagedIsSaid() throws IOException {
        RunFiles run = run("00000-a").options("{\"training\": ").raw("{\"Progress/k");
        Path file = folder.resolve("page.html");
        List<String> remarks = RunReport.write(List.of(run.path()), file);
        assertEquals(3, remarks.size(), remarks.toString());
        assertTrue(
                remarks.get(0).startsWith("00000-a: training_options.json is left out: it is damaged, line 1"),
                remarks.get(0));
        String page = Files.readString(file);
        assertTrue(page.contains("The last line of stats.jsonl is not finished"), page);
        assertTrue(page.contains("There are no statistics yet"), page);
    }

    @Test
    void whatToTypeNextNamesTheFilesOfTheRun() throws IOException {
        RunFiles run = run("my runs/00000-a").options("{}");
        Files.createDirectory(run.path().resolve("checkpoint-000002_540"));
        Files.createFile(run.path().resolve("model-000002.safetensors"));
        Files.createFile(run.path().resolve("model-000002_540.safetensors"));
        String page = page(run);
        assertTrue(page.contains("pd train --resume '" + run.path() + "'</code>"), page);
        assertTrue(page.contains("--network '" + run.path().resolve("model-000002_540.safetensors") + "'"), page);
    }
}

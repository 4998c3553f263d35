package org.patchdiffusion.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportCommandTest {

    @TempDir
    Path folder;

    private Path run(String name, double loss) throws IOException {
        Path run = Files.createDirectories(folder.resolve(name));
        Files.writeString(run.resolve("training_options.json"), "{\"training\": {\"learning_rate\": " + loss + "}}");
        Files.writeString(
                run.resolve("stats.jsonl"),
                "{\"Progress/kimg\": {\"num\": 1, \"mean\": 1, \"std\": 0}, \"Loss/loss\": {\"num\": 1, \"mean\": "
                        + loss + ", \"std\": 0}}\n{\"Progress/ki");
        return run;
    }

    @Test
    void aRunThatWasKilledHasAPageInItsFolder() throws IOException {
        Path run = run("00000-a", 0.125);
        Outcome outcome = Outcome.of("report", run);
        assertEquals(0, outcome.code(), outcome.err());
        assertTrue(
                outcome.err().contains("note: 00000-a: The last line of stats.jsonl is not finished"), outcome.err());
        assertTrue(outcome.err().contains("wrote " + run.resolve("report.html")), outcome.err());
        assertTrue(Files.readString(run.resolve("report.html")).contains("<dd>0.1250</dd>"));
    }

    @Test
    void severalRunsAreCompared() throws IOException {
        Path page = folder.resolve("page.html");
        Outcome outcome = Outcome.of("report", run("00000-a", 0.125), run("00001-b", 0.25), "--outfile", page);
        assertEquals(0, outcome.code(), outcome.err());
        String html = Files.readString(page);
        assertTrue(
                html.contains("<td>Loss</td><td class=\"number\">0.1250</td><td class=\"number\">0.2500</td>"), html);
        assertTrue(html.contains("<td>training.learning_rate</td><td>0.125</td><td>0.25</td>"), html);
        assertFalse(Files.exists(folder.resolve("00000-a/report.html")));
    }

    @Test
    void wrongUsageIsOneSentence() throws IOException {
        Outcome none = Outcome.of("report");
        assertEquals(2, none.code());
        Outcome folders = Outcome.of("report", run("runs/00000-a", 1).getParent());
        assertEquals(1, folders.code());
        assertTrue(folders.error().endsWith("did you mean " + folder.resolve("runs/00000-a") + "?"), folders.error());
        Outcome nowhere = Outcome.of("report", run("00001-b", 1), "--outfile", folder.resolve("x/page.html"));
        assertEquals(1, nowhere.code());
        assertTrue(nowhere.error().contains("does not exist"), nowhere.error());
    }
}

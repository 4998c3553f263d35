package org.patchdiffusion.train.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatsFileTest {
    private static final double NONE = Double.NaN;

    @TempDir
    Path folder;

    private StatsFile file;

    private RunFiles run() throws IOException {
        file = new StatsFile(folder.resolve("stats.jsonl"));
        return RunFiles.make(folder);
    }

    private double[] column(String key) throws IOException {
        file.refresh();
        return file.stats().values(key);
    }

    @Test
    void aGrowingFileIsReadOnAndALineThatIsNotFinishedWaits() throws IOException {
        RunFiles run = run();
        assertArrayEquals(new double[0], column("Loss/loss"));
        run.tick(1, Map.of("Loss/loss", 0.5)).raw("{\"Progress/kimg\": {\"mean\": 2}, \"Lo");
        assertArrayEquals(new double[] {0.5}, column("Loss/loss"));
        assertEquals(
                List.of("The last line of stats.jsonl is not finished: the run was killed while it wrote it. It is left"
                        + " out."),
                file.remarks());
        run.raw("ss/loss\": 0.25}\n").tick(3, Map.of("Loss/patch/8", 0.125));
        assertArrayEquals(new double[] {0.5, 0.25, NONE}, column("Loss/loss"));
        assertArrayEquals(new double[] {NONE, NONE, 0.125}, column("Loss/patch/8"));
        assertArrayEquals(new double[] {1, 2, 3}, column("Progress/kimg"));
        assertEquals(List.of(), file.remarks());
        assertEquals(
                List.of("Loss/loss", "Loss/patch/8", "Progress/kimg", "timestamp"),
                file.stats().keys());
    }

    @Test
    void whatIsWrittenAgainAfterACheckpointReplacesWhatWasThere() throws IOException {
        RunFiles run = run();
        for (int i = 1; i <= 4; i++) {
            run.tick(i, Map.of("Loss/loss", (double) i));
        }
        run.tick(2.5, Map.of("Loss/loss", 20.0));
        assertArrayEquals(new double[] {1, 2, 20}, column("Loss/loss"));
        assertArrayEquals(new double[] {1, 2, 2.5}, column("Progress/kimg"));
        assertTrue(
                file.remarks().get(0).contains("2 ticks of stats.jsonl"),
                file.remarks().toString());
    }

    @Test
    void aSecondLineOfATickAddsToIt() throws IOException {
        run().tick(1, Map.of("Loss/loss", 0.5)).tick(1, Map.of("Memorisation/nearest_train", 7.0));
        assertArrayEquals(new double[] {0.5}, column("Loss/loss"));
        assertArrayEquals(new double[] {7}, column("Memorisation/nearest_train"));
        assertEquals(List.of(), file.remarks());
    }

    @Test
    void aFileThatWasWrittenAnewIsReadAnew() throws IOException {
        run().tick(1, Map.of("Loss/loss", 0.5)).tick(2, Map.of("Loss/loss", 0.25));
        assertEquals(2, column("Loss/loss").length);
        Files.writeString(folder.resolve("stats.jsonl"), RunFiles.line(9, Map.of("Loss/loss", 3.0)) + "\n");
        assertArrayEquals(new double[] {3}, column("Loss/loss"));
    }

    @Test
    void linesThatAreNoStatisticsAreCountedAndSaid() throws IOException {
        run().raw("\n[1]\nnonsense\n{\"tick\":0,\"kimg\":0.5,\"loss\":1.0}\n")
                .raw("{\"x\": \"" + "a".repeat(1 << 20) + "\"}\n")
                .raw("{\"Progress/kimg\": {\"mean\": 1}, \"Loss/loss\": {\"mean\": null}, \"a\": \"text\"}\n");
        assertArrayEquals(new double[] {NONE}, column("Loss/loss"));
        assertArrayEquals(new double[] {1}, column("Progress/kimg"));
        assertEquals(2, file.remarks().size());
        assertTrue(
                file.remarks().get(0).contains("3 lines that are no JSON objects"),
                file.remarks().toString());
        assertTrue(
                file.remarks().get(1).contains("1 line without Progress/kimg"),
                file.remarks().toString());
    }

    @Test
    void aFileWithMoreKeysThanAnyRunWritesIsRefused() throws IOException {
        Map<String, Double> many = new HashMap<>();
        for (int i = 0; i < RunStats.MOST_KEYS; i++) {
            many.put("key" + i, 1.0);
        }
        run().tick(1, many);
        Exception refused = assertThrows(IOException.class, () -> file.refresh());
        assertEquals(
                folder.resolve("stats.jsonl") + " is not the statistics of a run: it has more than 500 different keys",
                refused.getMessage());
    }

    @Property(tries = 50)
    void thinningKeepsMeans(
            @ForAll @IntRange(min = 1, max = 400) int ticks, @ForAll @IntRange(min = 1, max = 60) int most) {
        RunStats stats = new RunStats();
        for (int i = 0; i < ticks; i++) {
            stats.add(i % 5 == 3 ? Map.of(RunStats.KIMG, i + 1.0) : Map.of(RunStats.KIMG, i + 1.0, "y", i * 2.0));
        }
        double[] x = stats.thinned(RunStats.KIMG, most);
        double[] y = stats.thinned("y", most);
        assertTrue(x.length <= most && x.length == y.length);
        int stride = RunStats.stride(ticks, most);
        for (int i = 0; i < x.length; i++) {
            int first = i * stride;
            int last = Math.min(ticks, first + stride) - 1;
            assertEquals((first + last) / 2.0 + 1, x[i], 1e-9);
            boolean isGap = first == last && first % 5 == 3;
            assertEquals(isGap, Double.isNaN(y[i]));
            assertTrue(isGap || y[i] >= 2 * first && y[i] <= 2 * last);
        }
        assertEquals(ticks == 0 ? NONE : ticks, stats.last(RunStats.KIMG));
    }
}

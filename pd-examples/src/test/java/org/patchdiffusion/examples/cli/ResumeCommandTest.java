package org.patchdiffusion.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Going on with a run. */
class ResumeCommandTest {

    @TempDir
    Path folder;

    private TinyRuns runs;

    @BeforeEach
    void begin() {
        runs = new TinyRuns(folder.resolve("runs"));
    }

    @Test
    void aRunGoesOnInItsOwnFolderOnItsOwnImages() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 9, 16, 16);
        Outcome first = runs.train(data, "--samples", 0, "--hold-out-every", 3, "--engine", "generic");
        assertEquals(0, first.code(), first.err());
        Path run = runs.folders().get(0);
        long lines = lines(run);

        Outcome finished = TinyRuns.resume(run);
        assertEquals(0, finished.code(), finished.err());
        assertTrue(finished.err().contains("nothing left to train: " + run.toAbsolutePath()), finished.err());
        assertTrue(finished.err().contains("a larger --duration goes on"), finished.err());
        assertEquals(lines, lines(run));

        Outcome more =
                TinyRuns.resume("--outdir", folder.resolve("runs"), "--duration", 4e-5, "--tick", 0.02, "--dry-run");
        assertEquals(0, more.code(), more.err());
        assertTrue(
                more.err().contains("output: " + run.toAbsolutePath() + ", going on from checkpoint-000000"),
                more.err());
        assertTrue(more.err().contains("6 images of 16x16"), more.err());
        assertTrue(more.err().contains("\"tick_kimg\" : 0.02"), more.err());
        assertTrue(more.err().contains("\"engine\" : \"generic\""), more.err());

        Outcome resumed = TinyRuns.resume(run, "--duration", 4e-5);
        assertEquals(0, resumed.code(), resumed.err());
        assertEquals(List.of(run), runs.folders());
        assertTrue(lines(run) > lines, "the statistics go on");
        String written = Files.readString(run.resolve("training_options.json"));
        assertTrue(written.contains("\"--data=" + data.toAbsolutePath() + "\""), written);
        assertTrue(written.contains("\"--hold-out-every=3\"") && written.contains("\"--duration\""), written);
    }

    private static long lines(Path run) throws IOException {
        try (Stream<String> lines = Files.lines(run.resolve("stats.jsonl"))) {
            return lines.count();
        }
    }

    @Test
    void theImagesAtATimeMayChange() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 4, 16, 16);
        assertEquals(0, runs.train(data, "--samples", 0).code());
        Path run = runs.folders().get(0);
        Outcome odd = TinyRuns.resume(run, "--batch-gpu", 3, "--duration", 4e-5);
        assertEquals(2, odd.code());
        assertTrue(
                odd.error().contains("(batch-gpu)") && odd.error().contains("a divisor of the batch, 2"), odd.error());
        Outcome resumed = TinyRuns.resume(run, "--batch-gpu", 1, "--duration", 4e-5);
        assertEquals(0, resumed.code(), resumed.err());
        String log = Files.readString(run.resolve("log.txt"));
        assertTrue(log.contains("warning: the checkpoint was computed in 1 part a step, this run is in 2"), log);
    }

    @Test
    void aDamagedCheckpointIsPassedOverAloud() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 6, 16, 16);
        Outcome first = runs.train(data, "--samples", 0, "--dump", 1);
        assertEquals(0, first.code(), first.err());
        Path run = runs.folders().get(0).toAbsolutePath();
        Path newest = TinyRuns.file(run, "checkpoint-.*");
        Files.writeString(newest.resolve("state.npz"), "damaged");
        Outcome resumed = TinyRuns.resume(run, "--duration", 4e-5, "--dry-run");
        assertEquals(0, resumed.code(), resumed.err());
        assertTrue(
                resumed.err().contains("note: the checkpoint " + newest + " is damaged: state.npz has 7 bytes"),
                resumed.err());
        for (Path checkpoint = newest; checkpoint != null; checkpoint = any(run)) {
            Files.delete(checkpoint.resolve("state.npz"));
            Files.move(checkpoint, folder.resolve(checkpoint.getFileName()));
        }
        assertEquals(1, TinyRuns.resume(run).code());
        assertTrue(TinyRuns.resume(run).error().contains(run + " holds no checkpoint that is whole"));
        assertEquals(2, TinyRuns.resume().code());
        assertEquals(1, TinyRuns.resume("--outdir", folder.resolve("empty")).code());
    }

    private static Path any(Path run) throws IOException {
        try (Stream<Path> files = Files.list(run)) {
            return files.filter(f -> f.getFileName().toString().startsWith("checkpoint-"))
                    .findFirst()
                    .orElse(null);
        }
    }
}

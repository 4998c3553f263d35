package org.patchdiffusion.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.patchdiffusion.examples.Pd;
import org.patchdiffusion.train.run.CheckpointFolders;
import org.patchdiffusion.train.run.RunFolders;
import org.patchdiffusion.train.run.StoredCheckpoint;

/** A run in a process of its own that is told to go while it draws samples. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "Java can only kill there, not ask")
class RunStopTest {
    /** Far more than it takes; the drawing alone would take hours. */
    private static final int MOST_SECONDS = 60;

    private static final Pattern ANNOUNCEMENT = Pattern.compile("kimg (\\S+): writing the model, then drawing.*");

    @TempDir
    Path folder;

    private Process start(Path data, Path runs) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-Xmx512m", "-cp"));
        command.add(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
        command.addAll(List.of(Pd.class.getName(), "train", "--data", data.toString(), "--outdir", runs.toString()));
        command.addAll(List.of("--cbase", "8", "--cres", "1,1", "--blocks", "1", "--attn", "none", "--batch", "2"));
        command.addAll(List.of("--tick", "0.02", "--snap", "1", "--dump", "0", "--samples", "20000", "--val", "0"));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    /** Reads on to a line; gives the matcher of it. */
    private static Matcher await(BufferedReader out, Pattern line, List<String> heard) throws IOException {
        for (String next = out.readLine(); next != null; next = out.readLine()) {
            heard.add(next);
            Matcher matcher = line.matcher(next);
            if (matcher.matches()) {
                return matcher;
            }
        }
        throw new AssertionError("the run ended early: " + heard);
    }

    @Test
    void theCheckpointComesFirstAndTheDrawingEndsAtOnce() throws IOException, InterruptedException {
        Path data = Pictures.folder(folder.resolve("data"), 4, 16, 16);
        Path runs = folder.resolve("runs");
        List<String> heard = new ArrayList<>();
        Process process = start(data, runs);
        try (BufferedReader out = process.inputReader()) {
            double kimg = Double.parseDouble(await(out, ANNOUNCEMENT, heard).group(1));
            Path run = RunFolders.newest(runs).orElseThrow();
            assertTrue(checkpoint(run).isEmpty(), "nothing is saved before the signal");

            Outcome second = Outcome.of("train", "--resume", run);
            assertEquals(1, second.code());
            assertTrue(
                    second.error()
                            .startsWith("pd: error: process " + process.pid() + " is training in the run directory"),
                    second.error());

            // Process.destroy would close the streams.
            assertTrue(process.toHandle().destroy());
            out.lines().forEach(heard::add);
            assertTrue(process.waitFor(MOST_SECONDS, TimeUnit.SECONDS), () -> "still running: " + heard);
            assertEquals(128 + 15, process.exitValue(), heard::toString);
            long images = checkpoint(run).orElseThrow().checkpoint().state().images();
            assertTrue(images >= Math.round(kimg * 1000), images + " images are saved of " + kimg + " kimg");
            try (Stream<Path> files = Files.list(run)) {
                assertEquals(
                        0,
                        files.filter(file -> file.getFileName().toString().startsWith("samples-"))
                                .count());
            }
            Outcome resumed = Outcome.of("train", "--resume", run, "--dry-run");
            assertEquals(0, resumed.code(), resumed.err());
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    private static Optional<StoredCheckpoint> checkpoint(Path run) throws IOException {
        return CheckpointFolders.newestWhole(run, text -> {
            throw new AssertionError(text);
        });
    }
}

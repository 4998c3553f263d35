package org.patchdiffusion.train.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.train.TinyRun;
import org.patchdiffusion.train.Trainer;
import org.patchdiffusion.train.TrainingListener;
import org.patchdiffusion.train.checkpoint.Checkpoint;
import org.patchdiffusion.train.checkpoint.TrainingState;
import org.patchdiffusion.train.config.TrainingConfig;
import org.patchdiffusion.train.step.StepResult;
import org.patchdiffusion.train.watch.StatsCollector;
import org.patchdiffusion.train.watch.StatsFile;

/**
 * Training in JVMs that are killed without warning, again and again: nothing of what a whole checkpoint holds is lost. More
 * often than here by {@code mvn -pl pd-train -am test -Dtest=KilledRunTest -Dkills=20
 * -Dsurefire.failIfNoSpecifiedTests=false}.
 */
class KilledRunTest {
    private static final int KILLS = Integer.getInteger("kills", 8);
    private static final int MOST_STEPS_BEFORE_A_KILL = 8;
    private static final String STEP = "step ";
    private static final String DRAWING = "drawing";
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    /**
     * Starts a run in a folder of runs, or goes on with the newest one there; prints a line after each step.
     *
     * @param args the folder, and {@code drawing} to draw without end at the first snapshot
     */
    public static void main(String[] args) throws IOException {
        Path runs = Path.of(args[0]);
        TrainingConfig config = TinyRun.config()
                .durationKimg(KILLS * MOST_STEPS_BEFORE_A_KILL * 0.003 + 0.006)
                .checkpointKimg(0.009)
                .build();
        Optional<Path> run = RunFolders.newest(runs);
        RunLock lock = run.isEmpty() ? null : RunLock.take(run.get());
        Optional<StoredCheckpoint> from =
                run.isEmpty() ? Optional.empty() : CheckpointFolders.newestWhole(run.get(), System.out::println);
        Trainer.Builder trainer = from.isPresent()
                ? Trainer.resume(config, from.get().checkpoint(), TinyRun.data())
                : Trainer.fresh(config, TinyRun.model(), TinyRun.data());
        RunDirectory directory = from.isPresent()
                ? RunDirectory.resume(lock, from.get(), Invocation.NONE)
                : RunDirectory.create(runs, "tiny", TinyRun.modelConfig(TinyRun.network()), config.batch());
        trainer.engine(TinyRun.engine())
                .stopOnShutdown(true)
                .listener(directory)
                .listener(StatsCollector.builder()
                        .to(new StatsFile(directory.path()))
                        .build())
                .listener(new Talker(args.length > 1));
        trainer.build().run().close();
    }

    private record Talker(boolean isDrawing) implements TrainingListener {
        @Override
        public void stepDone(StepResult step) {
            System.out.println(STEP + step.step());
        }

        @Override
        public void snapshot(long images, DiffusionModel model) throws IOException {
            while (isDrawing) {
                System.out.println(DRAWING);
                try {
                    Thread.sleep(Long.MAX_VALUE);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    private static Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // A JVM that lives for a second gains nothing from the second compiler.
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-Xmx256m", "-Dkills=" + KILLS));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), KilledRunTest.class.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    /** Reads to the given number of lines that begin so; gives the last one. */
    private static String await(BufferedReader out, int count, String start) throws IOException {
        StringBuilder heard = new StringBuilder();
        String last = null;
        for (int found = 0; found < count; ) {
            String line = out.readLine();
            assertTrue(line != null, "the run ended early: " + heard);
            heard.append(line).append('\n');
            if (line.startsWith(start)) {
                found++;
                last = line;
            }
        }
        return last;
    }

    @Test
    void aRunThatIsKilledAgainAndAgainEndsWithTheSameBytes() throws Exception {
        Path whole = folder.resolve("whole");
        main(new String[] {whole.toString()});
        Path killed = folder.resolve("killed");
        Random random = new Random(9);
        for (int kill = 0; kill < KILLS; kill++) {
            Process process = start(killed.toString());
            try (BufferedReader out = process.inputReader()) {
                await(out, 1 + random.nextInt(MOST_STEPS_BEFORE_A_KILL), STEP);
                Thread.sleep(random.nextInt(20));
            } finally {
                process.destroyForcibly().waitFor();
            }
        }
        main(new String[] {killed.toString()});

        Path want = last(whole);
        Path got = last(killed);
        assertEquals(want.getFileName(), got.getFileName());
        assertArrayEquals(Files.readAllBytes(want.resolve("state.npz")), Files.readAllBytes(got.resolve("state.npz")));
        assertEquals(
                Checkpoint.read(want).state().progress().ticks(),
                Checkpoint.read(got).state().progress().ticks());
        requireSameTicks(want.getParent(), got.getParent());
        try (Stream<Path> files = Files.list(got.getParent())) {
            assertFalse(files.anyMatch(file -> file.getFileName().toString().startsWith(".")), "leftovers");
        }
    }

    private static Path last(Path runs) throws IOException {
        Path run = RunFolders.newest(runs).orElseThrow();
        return CheckpointFolders.newestWhole(run, Assertions::fail)
                .orElseThrow()
                .folder();
    }

    /** A tick may be lost with the process that was to write it, but none is there twice or differs. */
    private static void requireSameTicks(Path want, Path got) throws IOException {
        Map<Integer, List<Double>> all = ticks(want);
        Map<Integer, List<Double>> some = ticks(got);
        assertTrue(all.size() > KILLS, all.toString());
        assertTrue(some.size() > all.size() / 2, some.toString());
        some.forEach((tick, values) -> assertEquals(all.get(tick), values, "tick " + tick));
    }

    private static Map<Integer, List<Double>> ticks(Path run) throws IOException {
        Map<Integer, List<Double>> ticks = new TreeMap<>();
        for (String line : Files.readAllLines(run.resolve("stats.jsonl"))) {
            JsonNode read = JSON.readTree(line);
            List<Double> values = Stream.of("Progress/kimg", "Loss/loss", "Loss/learning_rate")
                    .map(name -> read.path(name).path("mean").asDouble(Double.NaN))
                    .toList();
            int tick = read.path("Progress/tick").path("mean").asInt(-1);
            assertEquals(null, ticks.put(tick, values), "tick " + tick + " is there twice");
        }
        return ticks;
    }

    @Test
    void whoIsToldToGoAndThenKilledWhileDrawingHasSavedTheLastStep() throws Exception {
        Process process = start(folder.toString(), DRAWING);
        List<String> steps = new ArrayList<>();
        try (BufferedReader out = process.inputReader()) {
            steps.add(await(out, 4, STEP));
            // As SIGTERM does; Process.destroy would close the output too.
            process.toHandle().destroy();
            String line = out.readLine();
            while (!DRAWING.equals(line)) {
                assertTrue(line != null, "it ended without drawing, after " + steps);
                if (line.startsWith(STEP)) {
                    steps.add(line);
                }
                line = out.readLine();
            }
        } finally {
            process.destroyForcibly().waitFor();
        }
        TrainingState saved = Checkpoint.read(last(folder)).state();
        assertEquals(steps.get(steps.size() - 1), STEP + (saved.steps() - 1));
    }
}

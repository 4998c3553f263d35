package org.patchdiffusion.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.patchdiffusion.train.checkpoint.Checkpoint;
import org.patchdiffusion.train.step.StepResult;

/** Training in a JVM of its own that is told to go. */
class ShutdownTest {
    @TempDir
    Path folder;

    /**
     * Trains without end; prints a line after the first step.
     *
     * @param args where the checkpoint goes, and what the listener does then: train, exit or hang
     */
    public static void main(String[] args) throws IOException {
        Trainer.fresh(TinyRun.config().durationKimg(1e9).build(), TinyRun.model(), TinyRun.data())
                .engine(new ScriptedEngine(() -> 1))
                .stopOnShutdown(args[1].equals("hang") ? Duration.ofMillis(200) : Trainer.SHUTDOWN_LIMIT)
                .listener(new TrainingListener() {
                    @Override
                    public void stepDone(StepResult step) {
                        if (step.step() == 0) {
                            System.out.println("first step done");
                            misbehave(args[1]);
                        }
                    }

                    @Override
                    public void checkpoint(Checkpoint checkpoint) throws IOException {
                        checkpoint.write(Path.of(args[0]));
                    }
                })
                .build()
                .run();
    }

    private static void misbehave(String manner) {
        if (manner.equals("exit")) {
            System.exit(3);
        }
        while (manner.equals("hang")) {
            LockSupport.park();
        }
    }

    /** Starts the training, waits for its first step, and then asks it to go unless it goes by itself; gives its exit code and its last words. */
    private Map.Entry<Integer, String> end(String manner) throws Exception {
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        ShutdownTest.class.getName(),
                        checkpoint().toString(),
                        manner))
                .redirectErrorStream(true)
                .start();
        try (BufferedReader out = process.inputReader()) {
            String line = out.readLine();
            while (line != null && !line.contains("first step done")) {
                line = out.readLine();
            }
            assertEquals("first step done", line);
            if (!manner.equals("exit")) {
                // Process.destroy would close the stream of its last words as well.
                process.toHandle().destroy();
            }
            assertTrue(process.waitFor(60, TimeUnit.SECONDS));
            return Map.entry(process.exitValue(), out.lines().collect(Collectors.joining("\n")));
        } finally {
            process.destroyForcibly();
        }
    }

    private Path checkpoint() {
        return folder.resolve("checkpoint");
    }

    @Test
    void aCheckpointIsWrittenBeforeTheJvmGoes() throws Exception {
        String said = end("train").getValue();
        assertTrue(said.contains("told to end: training stops after this step and writes a checkpoint"), said);
        assertTrue(Checkpoint.read(checkpoint()).state().steps() > 0);
    }

    @Test
    void aListenerThatEndsTheProgramDoesNotWaitForItself() throws Exception {
        assertEquals(3, end("exit").getKey());
    }

    @Test
    void aListenerThatNeverReturnsHoldsTheProgramUpForALimitedTime() throws Exception {
        String said = end("hang").getValue();
        assertTrue(said.contains("training did not stop within 0 s; the last checkpoint is the one before"), said);
    }
}

package org.patchdiffusion.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training in a JVM of its own that is told to go. */
class ShutdownTest {
    @TempDir
    Path folder;

    /** Trains without end; prints a line after the first step. */
    public static void main(String[] args) throws IOException {
        Trainer.fresh(TinyRun.config().durationKimg(1e9).build(), TinyRun.model(), TinyRun.data())
                .engine(new ScriptedEngine(() -> 1))
                .stopOnShutdown(true)
                .listener(new TrainingListener() {
                    @Override
                    public void stepDone(StepResult step) {
                        if (step.step() == 0) {
                            System.out.println("first step done");
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

    @Test
    void aCheckpointIsWrittenBeforeTheJvmGoes() throws Exception {
        Path checkpoint = folder.resolve("checkpoint");
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        ShutdownTest.class.getName(),
                        checkpoint.toString()))
                .redirectErrorStream(true)
                .start();
        try (BufferedReader out = process.inputReader()) {
            String line = out.readLine();
            while (line != null && !line.contains("first step done")) {
                line = out.readLine();
            }
            assertEquals("first step done", line);
            process.destroy();
            assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        } finally {
            process.destroyForcibly();
        }
        assertTrue(Checkpoint.read(checkpoint).state().steps() > 0);
    }
}

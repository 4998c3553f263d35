package org.patchdiffusion.train.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.train.TinyRun;

class RunLockTest {
    @TempDir
    Path folder;

    /** Takes the lock of a folder, says so, and waits to be killed. */
    public static void main(String[] args) throws IOException, InterruptedException {
        try (RunLock lock = RunLock.take(Path.of(args[0]))) {
            lock.requireOf(Path.of(args[0]));
            System.out.println("taken");
            Thread.sleep(TimeUnit.MINUTES.toMillis(5));
        }
    }

    @Test
    @Timeout(60)
    void anotherProcessIsNamedAndItsLockEndsWithIt() throws IOException, InterruptedException {
        Process other = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        RunLockTest.class.getName(),
                        folder.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            assertEquals("taken", other.inputReader().readLine());
            String message = refusal(folder);
            assertEquals(
                    "process " + other.pid() + " is training in the run directory " + folder
                            + "; wait until it ends, stop it, or resume into a folder of its own with --outdir",
                    message);
        } finally {
            other.destroyForcibly().waitFor();
        }
        RunLock.take(folder).close();
    }

    private static String refusal(Path run) {
        return assertThrows(IOException.class, () -> RunLock.take(run)).getMessage();
    }

    @Test
    void twoRunsOfOneProcessExcludeEachOtherToo() throws IOException {
        Path same = folder.resolve("x").resolve("..");
        Files.createDirectory(folder.resolve("x"));
        try (RunLock lock = RunLock.take(folder)) {
            assertTrue(refusal(same).startsWith("this process is training in the run directory " + same));
            assertTrue(refusal(folder).startsWith("this process"), "being refused frees nothing");
            lock.requireOf(same);
            assertThrows(IllegalArgumentException.class, () -> lock.requireOf(folder.resolve("x")));
        }
        RunLock freed = RunLock.take(same);
        freed.close();
        assertThrows(IllegalArgumentException.class, () -> freed.requireOf(folder));
        RunLock.take(folder).close();
    }

    @Test
    void aRunHasItsFolderUntilItEnds() throws IOException {
        ModelConfig model = TinyRun.modelConfig(TinyRun.network());
        Path own = folder.resolve("own");
        RunDirectory run = RunDirectory.createItself(own, Invocation.NONE);
        assertTrue(refusal(own).startsWith("this process"));
        run.failed(new IllegalStateException("of no matter"));
        RunLock.take(own).close();
        Path numbered = RunDirectory.create(folder, "x", model, 1).path();
        assertTrue(refusal(numbered).startsWith("this process"));
        assertFalse(refusal(folder.resolve("none")).contains("training"));
    }
}

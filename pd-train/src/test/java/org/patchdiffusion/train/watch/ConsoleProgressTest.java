package org.patchdiffusion.train.watch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.patchdiffusion.train.ScriptedEngine;
import org.patchdiffusion.train.StopReason;
import org.patchdiffusion.train.TinyRun;
import org.patchdiffusion.train.Trainer;

class ConsoleProgressTest {
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private long nanos;

    /** Nine steps of two images, each of 30 seconds and a loss of 0.5 an element. */
    private String run(boolean terminal, Duration budget) throws IOException {
        PrintStream out = new PrintStream(written, true, StandardCharsets.UTF_8);
        Trainer.fresh(TinyRun.config().realP(1).build(), TinyRun.model(), TinyRun.data())
                .engine(new ScriptedEngine(() -> {
                    nanos += 30_000_000_000L;
                    return 0.5 * 3 * 16 * 16;
                }))
                .listener(new ConsoleProgress(out, terminal, 64, budget, () -> nanos))
                .build()
                .run()
                .close();
        return written.toString(StandardCharsets.UTF_8);
    }

    private static String withoutMemory(String line) {
        return line.replaceAll("\\d+\\.\\d GB", "N GB");
    }

    @Test
    void elsewhereThanOnATerminalALineFollowsEveryMinute() throws IOException {
        List<String> lines =
                run(false, null).lines().map(ConsoleProgressTest::withoutMemory).toList();
        assertEquals("preparing the first step", lines.get(0));
        assertEquals("kimg 0.002/0.018  loss 0.5000  0.07 img/s  30.00 s/step  N GB  4m00s left", lines.get(1));
        assertEquals("kimg 0.006/0.018  loss 0.5000  0.07 img/s  30.00 s/step  N GB  3m00s left", lines.get(2));
        assertEquals("kimg 0.018: writing the model, then drawing 64 samples", lines.get(6));
        assertEquals("kimg 0.018/0.018  loss 0.5000  0.07 img/s  30.00 s/step  N GB  0s left", lines.get(7));
        assertEquals(8, lines.size());
    }

    @Test
    void aBudgetThatEndsFirstCounts() throws IOException {
        List<String> lines = run(false, Duration.ofSeconds(100)).lines().toList();
        assertTrue(lines.get(1).endsWith("1m10s left"), lines.get(1));
        assertTrue(lines.get(2).endsWith("10s left"), lines.get(2));
    }

    @Test
    void onATerminalTheLineIsWrittenOverItself() throws IOException {
        String[] parts = run(true, null).split("\n");
        assertEquals(3, parts.length);
        String[] overwritten = parts[1].split("\r");
        assertEquals(12, overwritten.length, "nine lines, one blank, and what stays");
        assertTrue(overwritten[9].startsWith("kimg 0.018/0.018  loss 0.5000"), overwritten[9]);
        assertTrue(overwritten[10].isBlank());
        assertEquals("kimg 0.018: writing the model, then drawing 64 samples", overwritten[11]);
        assertTrue(parts[2].strip().startsWith("kimg 0.018/0.018  loss 0.5000"), parts[2]);
    }

    @Test
    void whoAskedForTheEndHearsThatItIsOnItsWayAndHowFarDrawingIs() {
        ConsoleProgress progress =
                new ConsoleProgress(new PrintStream(written, true, StandardCharsets.UTF_8), true, 4, null, () -> 0);
        progress.stopping(StopReason.REQUEST);
        progress.drawing(1, 18);
        progress.drawing(2, 18);
        progress.finished(StopReason.REQUEST);
        assertEquals(
                "\r\rstopping as asked, after a checkpoint is written\n"
                        + "\rdrawing samples, step 1 of 18\rdrawing samples, step 2 of 18\n",
                written.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n"));
    }

    @ParameterizedTest
    @CsvSource({"true, 1", "true, 3", "false, 1", "false, 3"})
    void memoryThatRunsOutEndsTheLine(boolean terminal, int failing) {
        PrintStream out = new PrintStream(written, true, StandardCharsets.UTF_8);
        Trainer trainer = Trainer.fresh(TinyRun.config().realP(1).build(), TinyRun.model(), TinyRun.data())
                .engine(new ScriptedEngine(() -> {
                    nanos += 30_000_000_000L;
                    if (nanos >= failing * 30_000_000_000L) {
                        throw new OutOfMemoryError("Cannot allocate new FloatPointer(9)");
                    }
                    return 1;
                }))
                .listener(new ConsoleProgress(out, terminal, 64, null, () -> nanos))
                .build();
        assertThrows(IllegalStateException.class, trainer::run);
        String text = written.toString(StandardCharsets.UTF_8);
        assertTrue(text.endsWith("\n"), text);
        assertEquals(failing > 1, text.contains("s/step"), text);
    }

    @Property
    void theLineFitsWithTheLossInIt(
            @ForAll @DoubleRange(min = 0, max = 1e9) double kimg,
            @ForAll @DoubleRange(min = 0.01, max = 1e9) double total,
            @ForAll double loss,
            @ForAll @DoubleRange(min = 0, max = 1e9) double speed,
            @ForAll @DoubleRange(min = 0, max = 1e9) double step,
            @ForAll @LongRange(min = 0) long bytes,
            @ForAll double left) {
        String line = new ProgressLine(kimg, total, loss, speed, step, bytes, Math.abs(left)).text(79);
        assertTrue(line.length() <= 79, line);
        assertTrue(line.contains("  loss "), line);
        assertTrue(line.contains(" s/step"), line);
    }
}

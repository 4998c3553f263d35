package org.patchdiffusion.train.watch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.patchdiffusion.train.ScriptedEngine;
import org.patchdiffusion.train.TinyRun;
import org.patchdiffusion.train.Trainer;
import org.patchdiffusion.train.TrainingListener;
import org.patchdiffusion.train.step.StepResult;

class StatsCollectorTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final double PIXELS = 3 * 16 * 16;

    @TempDir
    Path folder;

    /** Nine steps of two images, a tick after the fifth and the ninth. */
    private List<JsonNode> run(DoubleSupplier losses, StatsSource source, TrainingListener... others)
            throws IOException {
        return run(0.009, losses, source, others);
    }

    private List<JsonNode> run(double tickKimg, DoubleSupplier losses, StatsSource source, TrainingListener... others)
            throws IOException {
        StatsCollector collector = StatsCollector.builder()
                .from(source)
                .to(new StatsFile(folder))
                .build(InstantSource.fixed(Instant.ofEpochMilli(1_700_000_000_250L)));
        Trainer.Builder builder = Trainer.fresh(
                        TinyRun.config().realP(1).tickKimg(tickKimg).build(), TinyRun.model(), TinyRun.data())
                .engine(new ScriptedEngine(losses))
                .listener(collector);
        for (TrainingListener other : others) {
            builder.listener(other);
        }
        builder.build().run().close();
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(folder.resolve("stats.jsonl"))) {
            lines.add(JSON.readTree(line));
        }
        return lines;
    }

    private static void assertStat(long num, double mean, double std, JsonNode stat) {
        assertEquals(num, stat.get("num").asLong());
        assertEquals(mean, stat.get("mean").asDouble(), 1e-6);
        assertEquals(std, stat.get("std").asDouble(), 1e-6);
        assertEquals(3, stat.size());
    }

    private static double mean(JsonNode line, String name) {
        return line.get(name).get("mean").asDouble();
    }

    @Test
    void aTickIsALineOfMeansAndDeviations() throws IOException {
        // Nine steps of two images each: losses of 1 to 9 an element.
        double[] next = {0};
        List<StepResult> steps = new ArrayList<>();
        List<JsonNode> lines = run(() -> ++next[0] * PIXELS, Map::of, new TrainingListener() {
            @Override
            public void stepDone(StepResult step) {
                steps.add(step);
            }
        });
        assertEquals(9, steps.size());
        assertEquals(2, lines.size());
        assertStat(1, 0, 0, lines.get(0).get("Progress/tick"));
        assertStat(1, 0.010, 0, lines.get(0).get("Progress/kimg"));
        assertStat(5, 3, Math.sqrt(2), lines.get(0).get("Loss/loss"));
        assertStat(5, 3, Math.sqrt(2), lines.get(0).get("Loss/patch/16"));
        assertStat(1, 1, 0, lines.get(1).get("Progress/tick"));
        assertStat(1, 0.018, 0, lines.get(1).get("Progress/kimg"));
        assertStat(4, 7.5, Math.sqrt(1.25), lines.get(1).get("Loss/loss"));
        assertStat(1, steps.get(8).learningRate(), 0, lines.get(1).get("Loss/learning_rate"));
        assertEquals(1_700_000_000.25, lines.get(1).get("timestamp").asDouble(), 1e-6);
        double all = 0;
        for (JsonNode line : lines) {
            double training = mean(line, "Timing/sec_per_tick");
            assertEquals(
                    training,
                    mean(line, "Split/step_sec") + mean(line, "Split/data_sec") + mean(line, "Split/optimizer_sec"),
                    1e-9);
            double around = mean(line, "Timing/maintenance_sec");
            assertEquals(
                    around,
                    mean(line, "Split/checkpoint_sec")
                            + mean(line, "Split/samples_sec")
                            + mean(line, "Split/report_sec")
                            + mean(line, "Split/validation_sec"),
                    1e-9);
            all += training + around;
        }
        assertTrue(mean(lines.get(1), "Timing/total_sec") >= all - 1e-9);
        for (String key :
                List.of("Timing/sec_per_kimg", "Speed/images_per_sec", "Resources/cpu_mem_gb", "Resources/heap_gb")) {
            assertTrue(lines.get(0).get(key).get("mean").asDouble() > 0, key);
        }
    }

    @Test
    void lossesThatAreNotFiniteDoNotCount() throws IOException {
        int[] step = {0};
        // Three ticks of three steps: one finite loss, none, one.
        List<JsonNode> lines = run(0.006, () -> step[0]++ % 7 == 1 ? 4 * PIXELS : Double.NaN, Map::of);
        assertStat(1, 4, 0, lines.get(0).get("Loss/loss"));
        assertFalse(lines.get(1).has("Loss/loss"));
        assertFalse(lines.get(1).has("Loss/patch/16"));
        assertStat(1, 3, 0, lines.get(1).get("Loss/non_finite_steps"));
        assertStat(1, 4, 0, lines.get(2).get("Loss/loss"));
        assertStat(1, 2, 0, lines.get(2).get("Loss/non_finite_steps"));
    }

    @Test
    void whatIsMeasuredAfterTheLastTickHasALineOfItsOwn() throws IOException {
        Map<String, Stat> pending = new HashMap<>();
        StatsSource source = () -> {
            Map<String, Stat> taken = Map.copyOf(pending);
            pending.clear();
            return taken;
        };
        List<JsonNode> lines = run(() -> PIXELS, source, new TrainingListener() {
            @Override
            public void snapshot(long images, org.patchdiffusion.model.DiffusionModel model) {
                pending.put("Memorisation/nearest_train", Stat.of(1, 2, 6));
            }
        });
        assertEquals(3, lines.size());
        assertFalse(lines.get(1).has("Memorisation/nearest_train"));
        assertStat(3, 3, Math.sqrt(14 / 3.0), lines.get(2).get("Memorisation/nearest_train"));
        assertStat(1, 1, 0, lines.get(2).get("Progress/tick"));
        assertStat(1, 0.018, 0, lines.get(2).get("Progress/kimg"));
        assertEquals(4, lines.get(2).size());
    }

    @Test
    void aFolderThatIsGoneIsNamed() {
        Path gone = folder.resolve("gone");
        IOException e = org.junit.jupiter.api.Assertions.assertThrows(IOException.class, () -> new StatsFile(gone)
                .write(new TickStats(Instant.EPOCH, 0, Map.of("a", Stat.of(1)))));
        assertTrue(e.getMessage().startsWith("cannot write to " + gone.resolve("stats.jsonl") + ": "), e.getMessage());
    }
}

package org.patchdiffusion.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.train.config.TrainingConfig;

/**
 * One run after another in one process, as a search over settings has them. The process is one of its own whose heap has one
 * size and whose C library keeps one pool of memory: else it keeps some for each new thread, until it has enough of them.
 */
class LeakTest {
    private static final int WARM_UP = 4;
    private static final int RUNS = 14;
    private static final long FREEING_MILLIS = 200;

    @TempDir
    Path folder;

    /** A million weights and more, so that one forgotten buffer a run shows. */
    private static final ModelConfig MODEL =
            TinyRun.modelConfig(TinyRun.network().modelChannels(64).channelMult(List.of(1, 2)));

    /** Runs, and prints number of weights, bytes of the process, and threads, after the warm-up and at the end. */
    public static void main(String[] args) throws IOException, InterruptedException {
        for (int i = 0; i < RUNS; i++) {
            if (i == WARM_UP) {
                report();
            }
            run();
        }
        report();
        System.exit(0);
    }

    private static void run() throws IOException, InterruptedException {
        DiffusionModel model = DiffusionModel.create(MODEL, new Random(1));
        TrainingConfig config = TinyRun.config()
                .engine(TrainingConfig.BEST_ENGINE)
                .threads(2)
                .durationKimg(0.006)
                .realP(1)
                .batch(4)
                .batchGpu(2)
                .build();
        try (TrainingResult result =
                Trainer.fresh(config, model, TinyRun.data()).build().run()) {
            if (result.progress().steps() != 2) {
                throw new IllegalStateException("took " + result.progress().steps() + " steps");
            }
        } finally {
            model.parameters().flat().close();
        }
        // Graphs are not closed but collected, and their arrays are freed by a thread of ND4J's a moment later.
        System.gc();
        Thread.sleep(FREEING_MILLIS);
    }

    private static void report() {
        String threads = Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .collect(Collectors.toCollection(TreeSet::new))
                .toString();
        System.out.println(
                "measured\t" + DiffusionModel.layout(MODEL).length() + "\t" + Pointer.physicalBytes() + "\t" + threads);
    }

    @Test
    void manyRunsLeaveMemoryAndThreadsAsTheyWere() throws Exception {
        Path output = folder.resolve("output");
        ProcessBuilder command = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms96m",
                "-Xmx96m",
                "-cp",
                System.getProperty("java.class.path"),
                LeakTest.class.getName());
        command.environment().put("MALLOC_ARENA_MAX", "1");
        Process process = command.redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertTrue(process.waitFor(10, TimeUnit.MINUTES));
        } finally {
            process.destroyForcibly();
        }
        String said = Files.readString(output);
        assertEquals(0, process.exitValue(), said);
        List<String[]> measured = said.lines()
                .filter(line -> line.startsWith("measured\t"))
                .map(line -> line.split("\t"))
                .toList();
        assertEquals(2, measured.size(), said);
        long parameters = Long.parseLong(measured.get(0)[1]);
        assertTrue(parameters > 500_000, parameters + " parameters");
        long grown = Long.parseLong(measured.get(1)[2]) - Long.parseLong(measured.get(0)[2]);
        long oneBufferARun = (RUNS - WARM_UP) * parameters * Float.BYTES;
        assertTrue(grown < oneBufferARun / 2, "grew by " + grown + " bytes in " + (RUNS - WARM_UP) + " runs");
        assertEquals(measured.get(0)[3], measured.get(1)[3]);
    }
}

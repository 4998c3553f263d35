package org.patchdiffusion.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.patchdiffusion.model.DiffusionModel;

/** One run after another in one process, as a search over settings has them. */
class LeakTest {
    private static final int WARM_UP = 6;
    private static final int RUNS = 18;

    /** A million weights and more, so that one forgotten buffer a run shows: 12 x 4 MB and more. */
    private static DiffusionModel model() {
        return DiffusionModel.create(
                TinyRun.modelConfig(TinyRun.network().modelChannels(64).channelMult(List.of(1, 2))), new Random(1));
    }

    private static void run() throws IOException {
        DiffusionModel model = model();
        TrainingConfig config = TinyRun.config()
                .engine(TrainingConfig.BEST_ENGINE)
                .durationKimg(0.006)
                .realP(1)
                .batch(4)
                .batchGpu(2)
                .build();
        try (TrainingResult result =
                Trainer.fresh(config, model, TinyRun.data()).build().run()) {
            assertEquals(2, result.progress().steps());
        } finally {
            model.parameters().flat().close();
        }
    }

    private static Set<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(Thread::isAlive)
                .map(Thread::getName)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void manyRunsLeaveMemoryAndThreadsAsTheyWere() throws IOException {
        long parameters = model().parameters().flat().length();
        assertTrue(parameters > 1_000_000, parameters + " parameters");
        for (int i = 0; i < WARM_UP; i++) {
            run();
        }
        Set<String> threadsBefore = threads();
        System.gc();
        long before = Pointer.physicalBytes();
        for (int i = WARM_UP; i < RUNS; i++) {
            run();
        }
        System.gc();
        long grown = Pointer.physicalBytes() - before;
        assertEquals(threadsBefore, threads());
        long oneBuffer = parameters * Float.BYTES;
        assertTrue(grown < 6 * oneBuffer, "grew by " + grown + " bytes in " + (RUNS - WARM_UP) + " runs");
    }
}

package org.patchdiffusion.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.Parameters;
import org.patchdiffusion.model.engine.compiled.CompiledEngine;
import org.patchdiffusion.train.checkpoint.Checkpoint;
import org.patchdiffusion.train.checkpoint.TrainingState;
import org.patchdiffusion.train.config.TrainingConfig;
import org.patchdiffusion.train.step.StepResult;

class ResumeTest {
    @TempDir
    Path folder;

    /** Six steps of three counted images each, on more than one patch size and with dropout and
     * augmentation, a checkpoint after each. */
    private final TrainingConfig config =
            TinyRun.config().checkpointKimg(0.003).augment(0.5).build();

    private static List<String> engines() {
        return CompiledEngine.isAvailable() ? List.of("generic", "exact") : List.of("generic");
    }

    private Path saved(long steps) {
        return folder.resolve("checkpoint-" + steps);
    }

    @ParameterizedTest
    @MethodSource("engines")
    void trainingThatStopsAtAnyStepAndGoesOnEndsWithTheSameBits(String engine) throws IOException {
        DiffusionModel model = DiffusionModel.create(
                TinyRun.modelConfig(TinyRun.network().dropout(0.1).augmentDim(9)), new Random(1));
        float[] before = model.parameters().flat().toFloatVector();
        Set<PatchSize> sizes = new HashSet<>();
        TrainingConfig given = config.toBuilder().engine(engine).build();
        TrainingResult all = Trainer.fresh(given, model, TinyRun.data())
                .listener(new TrainingListener() {
                    @Override
                    public void stepDone(StepResult step) {
                        sizes.add(step.patch());
                    }

                    @Override
                    public void checkpoint(Checkpoint checkpoint) throws IOException {
                        checkpoint.write(saved(checkpoint.state().steps()));
                    }
                })
                .build()
                .run();
        assertEquals(StopReason.DURATION, all.reason());
        assertEquals(6, all.state().steps());
        assertTrue(sizes.size() > 1, "the seed draws only " + sizes);
        assertFalse(Arrays.equals(before, all.state().parameters().flat().toFloatVector()));

        for (int step = 1; step < 6; step++) {
            Checkpoint checkpoint = Checkpoint.read(saved(step));
            int threads = checkpoint.training().execution().threads();
            assertTrue(threads >= 1);
            assertEquals(given.toBuilder().threads(threads).build(), checkpoint.training());
            assertEquals(model.config(), checkpoint.model());
            assertEquals(3 * step, checkpoint.state().images());
            List<String> warnings = new ArrayList<>();
            TrainingResult rest = Trainer.resume(checkpoint.training(), checkpoint, TinyRun.data())
                    .listener(remarks(warnings))
                    .build()
                    .run();
            assertEquals(List.of(), warnings);
            assertSameBits(all.state().parameters(), rest.state().parameters());
            assertSameBits(all.state().ema(), rest.state().ema());
            assertSameBits(all.state().firstMoment(), rest.state().firstMoment());
            assertSameBits(all.state().secondMoment(), rest.state().secondMoment());
            assertEquals(all.state().images(), rest.state().images());
            assertEquals(all.state().progress().ticks(), rest.state().progress().ticks());
        }
    }

    private static TrainingListener remarks(List<String> target) {
        return new TrainingListener() {
            @Override
            public void warning(String message) {
                target.add(message);
            }
        };
    }

    @Test
    void anotherEngineThanBeforeIsSaid() throws IOException {
        TrainingConfig recorded =
                config.toBuilder().engine("fast").threads(3).durationKimg(0.003).build();
        Checkpoint checkpoint = new Checkpoint(
                recorded,
                TinyRun.modelConfig(TinyRun.network()),
                TinyRun.data().fingerprint(),
                TrainingState.start(TinyRun.model().parameters()));
        TrainingConfig plain = recorded.toBuilder().augment(0).build();
        List<String> warnings = new ArrayList<>();
        Trainer.resume(plain, checkpoint, TinyRun.data())
                .engine(new ScriptedEngine(() -> 1))
                .listener(remarks(warnings))
                .build()
                .run()
                .close();
        assertEquals(
                List.of("the checkpoint was computed by the engine fast on 3 threads, this run is by scripted on 1: its"
                        + " roundings differ from those of a run that was not interrupted"),
                warnings);
    }

    @Test
    void otherPartsThanBeforeAreSaid() throws IOException {
        TrainingConfig recorded = config.toBuilder()
                .engine("scripted")
                .threads(1)
                .durationKimg(0.003)
                .build();
        Checkpoint checkpoint = new Checkpoint(
                recorded,
                TinyRun.modelConfig(TinyRun.network()),
                TinyRun.data().fingerprint(),
                TrainingState.start(TinyRun.model().parameters()));
        List<String> warnings = new ArrayList<>();
        Trainer.resume(recorded.toBuilder().augment(0).batchGpu(1).build(), checkpoint, TinyRun.data())
                .engine(new ScriptedEngine(() -> 1))
                .listener(remarks(warnings))
                .build()
                .run()
                .close();
        assertEquals(
                List.of(
                        "the checkpoint was computed in 1 part a step, this run is in 2: its roundings differ from those of"
                                + " a run that was not interrupted"),
                warnings);
    }

    @Test
    void otherImagesAreRefused() {
        Checkpoint checkpoint = new Checkpoint(
                config,
                TinyRun.modelConfig(TinyRun.network()),
                "fingerprint 1",
                TrainingState.start(TinyRun.model().parameters()));
        String message = assertThrows(
                        IllegalArgumentException.class, () -> Trainer.resume(config, checkpoint, TinyRun.data()))
                .getMessage();
        assertTrue(message.startsWith("the data set tiny is not the one"), message);
    }

    private static void assertSameBits(Parameters want, Parameters got) {
        assertArrayEquals(want.flat().toFloatVector(), got.flat().toFloatVector());
    }
}

package org.patchdiffusion.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.Parameters;

class ResumeTest {
    @TempDir
    Path folder;

    /** Six steps of three counted images each, on more than one patch size and with dropout and
     * augmentation, a checkpoint after three. */
    private final TrainingConfig config =
            TinyRun.config().checkpointKimg(0.009).augment(0.5).build();

    @Test
    void resumedTrainingEndsWithTheSameBits() throws IOException {
        DiffusionModel model = DiffusionModel.create(
                TinyRun.modelConfig(TinyRun.network().dropout(0.1).augmentDim(9)), new Random(1));
        float[] before = model.parameters().flat().toFloatVector();
        Path saved = folder.resolve("checkpoint");
        Set<PatchSize> sizes = new HashSet<>();
        Trainer whole = Trainer.fresh(config, model, TinyRun.data())
                .engine(TinyRun.engine())
                .listener(new TrainingListener() {
                    @Override
                    public void stepDone(StepResult step) {
                        sizes.add(step.patch());
                    }

                    @Override
                    public void checkpoint(Checkpoint checkpoint) throws IOException {
                        if (checkpoint.state().steps() == 3) {
                            checkpoint.write(saved);
                        }
                    }
                })
                .build();
        TrainingResult all = whole.run();
        assertEquals(StopReason.DURATION, all.reason());
        assertEquals(6, all.state().steps());
        assertTrue(sizes.size() > 1, "the seed draws only " + sizes);
        assertFalse(Arrays.equals(before, all.state().parameters().flat().toFloatVector()));

        Checkpoint checkpoint = Checkpoint.read(saved);
        int threads = checkpoint.training().execution().threads();
        assertTrue(threads >= 1);
        assertEquals(config.toBuilder().threads(threads).build(), checkpoint.training());
        assertEquals(model.config(), checkpoint.model());
        assertEquals(9, checkpoint.state().images());
        Trainer resumed = Trainer.resume(config, checkpoint, TinyRun.data())
                .engine(TinyRun.engine())
                .build();
        TrainingResult rest = resumed.run();
        assertSameBits(all.state().parameters(), rest.state().parameters());
        assertSameBits(all.state().ema(), rest.state().ema());
        assertSameBits(all.state().firstMoment(), rest.state().firstMoment());
        assertSameBits(all.state().secondMoment(), rest.state().secondMoment());
        assertEquals(all.state().images(), rest.state().images());
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

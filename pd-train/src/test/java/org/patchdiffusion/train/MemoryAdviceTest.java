package org.patchdiffusion.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.patchdiffusion.data.PixelType;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.engine.MemoryShortageException;

class MemoryAdviceTest {

    @Test
    void namesWhatFits() {
        TrainingConfig config = TinyRun.config().batch(64).build();
        DiffusionModel model = TinyRun.model();
        int channels = model.config().network().modelChannels();
        assertEquals(8, channels);
        // Half of the memory: parts of a divisor of the batch, half of the batch; half of 8 channels is below the
        // least.
        assertEquals(
                List.of("--batch-gpu 32 (the same training in parts)", "--batch 32"),
                MemoryAdvice.fitting(config, model.config(), 0.5));
        assertEquals(
                List.of("--batch-gpu 16 (the same training in parts)", "--batch 28"),
                MemoryAdvice.fitting(config, model.config(), 0.45));
        TrainingConfig parts = TinyRun.config().batch(64).batchGpu(16).build();
        assertEquals(
                List.of("--batch-gpu 4 (the same training in parts)", "--batch 25"),
                MemoryAdvice.fitting(parts, model.config(), 0.4));
        assertEquals(List.of(), MemoryAdvice.fitting(config, model.config(), 0.01));
    }

    @Test
    void saysWhatIsShort() {
        TrainingConfig config = TinyRun.config().batch(64).build();
        DiffusionModel model = TinyRun.model();
        var sizes = BatchSource.patchSizes(config, model.config(), PixelType.UINT8);
        String message = assertThrows(
                        IllegalStateException.class,
                        () -> MemoryAdvice.onShortage(config, model.config(), sizes, () -> {
                            throw new MemoryShortageException(12_000_000_000L, 6_000_000_000L);
                        }))
                .getMessage();
        assertEquals(
                "training needs 12.0 GB of memory for 256 images at a time, and 6.0 GB can be had; this would fit:"
                        + " --batch-gpu 32 (the same training in parts), or --batch 32",
                message);
    }
}

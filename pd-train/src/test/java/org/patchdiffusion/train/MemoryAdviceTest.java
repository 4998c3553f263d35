package org.patchdiffusion.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.patchdiffusion.data.PixelType;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.engine.MemoryShortageException;
import org.patchdiffusion.train.config.TrainingConfig;
import org.patchdiffusion.train.step.BatchSource;

class MemoryAdviceTest {
    private final ModelConfig model = TinyRun.modelConfig(TinyRun.network());

    private static TrainingConfig.Builder batchOf64() {
        return TinyRun.config().batch(64);
    }

    private MemoryAdvice believed(TrainingConfig.Builder config) {
        return new MemoryAdvice(config.build(), model, (other, network) -> true);
    }

    @Test
    void namesWhatFits() {
        assertEquals(8, model.network().modelChannels());
        // Half of the memory: parts of a divisor of the batch, half of the batch; half of 8 channels is below the
        // least.
        assertEquals(
                List.of("--batch-gpu 32 (the same training in parts)", "--batch 32"),
                believed(batchOf64()).fitting(0.5));
        assertEquals(
                List.of("--batch-gpu 16 (the same training in parts)", "--batch 28"),
                believed(batchOf64()).fitting(0.45));
        assertEquals(
                List.of("--batch-gpu 4 (the same training in parts)", "--batch 25"),
                believed(batchOf64().batchGpu(16)).fitting(0.4));
        assertEquals(List.of(), believed(batchOf64()).fitting(0.01));
    }

    @Test
    void goesDownUntilWhatItNamesWasTriedAndFits() {
        ModelConfig wide = TinyRun.modelConfig(TinyRun.network().modelChannels(64));
        MemoryAdvice advice = new MemoryAdvice(
                batchOf64().build(),
                wide,
                (other, network) ->
                        other.batch() / other.parts() * network.network().modelChannels() <= 10 * 64);
        // 32 is too much, and so is 16; 32, 28, 24, 21, 18, 15, 13, 11 and 9 by eighths; 32, 24, 16 and 8 channels.
        assertEquals(
                List.of("--batch-gpu 8 (the same training in parts)", "--batch 9", "--cbase 8"), advice.fitting(0.5));
        assertEquals(List.of(), new MemoryAdvice(batchOf64().build(), wide, (a, b) -> false).fitting(0.9));
    }

    @Test
    void saysWhatIsShort() {
        TrainingConfig config = batchOf64().build();
        var sizes = BatchSource.patchSizes(config, model, PixelType.UINT8);
        String message = believed(batchOf64())
                .onShortage(new MemoryShortageException(12_000_000_000L, 6_000_000_000L), sizes)
                .getMessage();
        assertTrue(
                message.startsWith("training needs 12.0 GB of memory for 256 images at a time, and 6.0 GB can be had"),
                message);
        assertTrue(
                message.endsWith("; this would fit: --batch-gpu 32 (the same training in parts), or --batch 32"),
                message);
    }

    @Test
    void tellsArraysFromJavasHeap() {
        String arrays = believed(batchOf64())
                .onExhaustion(new OutOfMemoryError("Cannot allocate new FloatPointer(9)"))
                .getMessage();
        assertTrue(
                arrays.contains("(Cannot allocate new FloatPointer(9)); take half as much with --batch-gpu 32"),
                arrays);
        assertTrue(arrays.contains("or --batch 32, end other programs, or raise -Dorg.bytedeco"), arrays);
        String heap = believed(batchOf64())
                .onExhaustion(new OutOfMemoryError("Java heap space"))
                .getMessage();
        long megabytes = Runtime.getRuntime().maxMemory() / 1024 / 1024;
        assertEquals(
                "Java's heap of " + megabytes + " MB is full (Java heap space); give it more, such as -Xmx"
                        + 2 * megabytes + "m, or less to hold: --cache disk keeps decoded images out of it",
                heap);
    }

    @Test
    void findsTheErrorBehindAFailure() {
        OutOfMemoryError error = new OutOfMemoryError("full");
        assertEquals(
                Optional.of(error),
                MemoryAdvice.exhaustion(new IllegalStateException("a replica failed", new RuntimeException(error))));
        assertEquals(Optional.empty(), MemoryAdvice.exhaustion(new IllegalStateException("another")));
    }
}

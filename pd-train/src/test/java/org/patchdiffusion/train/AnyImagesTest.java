package org.patchdiffusion.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PatchBatch;
import org.patchdiffusion.data.PatchIterator;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.precond.EdmPreconditioning;
import org.patchdiffusion.train.config.TrainingConfig;
import org.patchdiffusion.train.step.BatchSource;

/** Training on images of any number of channels, height and width, of samples or of latents. */
class AnyImagesTest {

    private static ImageDataset images(int channels, int height, int width, boolean latents) {
        Random random = new Random(3);
        List<byte[]> bytes = new ArrayList<>();
        List<float[]> floats = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            byte[] image = new byte[channels * height * width];
            random.nextBytes(image);
            bytes.add(image);
            float[] values = new float[image.length];
            for (int j = 0; j < values.length; j++) {
                values[j] = (float) random.nextGaussian();
            }
            floats.add(values);
        }
        return latents
                ? ImageDataset.ofFloats("latents", channels, height, width, floats, null, List.of())
                : ImageDataset.ofBytes("bytes", channels, height, width, bytes, null, List.of());
    }

    /** The paper's sizes for pixels are a quarter, a half and all of an image; for latents a half and all. */
    @ParameterizedTest
    @CsvSource({"1, 8, 24, false, 12x4 24x8 6x2", "2, 20, 12, false, 12x20 3x5 6x10", "16, 12, 12, true, 12x12 6x6"})
    void aRunChangesTheWeights(int channels, int height, int width, boolean latents, String sizes) throws IOException {
        ImageDataset data = images(channels, height, width, latents);
        UNetConfig network = UNetConfig.ddpmpp(Math.min(height, width), channels)
                .modelChannels(8)
                .channelMult(List.of(1))
                .numBlocks(1)
                .attnResolutions(List.of())
                .dropout(0)
                .build();
        ModelConfig config = new ModelConfig(network, EdmPreconditioning.standard(), height, width);
        DiffusionModel model = DiffusionModel.create(config, new Random(1));
        TrainingConfig settings =
                TinyRun.config().lrRampupKimg(0).durationKimg(0.006).build();
        float[] before = model.parameters().flat().toFloatVector();
        TreeSet<String> seen = new TreeSet<>();
        PatchIterator patches = PatchIterator.builder(
                        data,
                        BatchSource.patchSizes(
                                settings, config, data.description().pixels()))
                .batch(2)
                .build();
        for (int step = 0; step < 20; step++) {
            try (PatchBatch batch = patches.nextBatch()) {
                seen.add(batch.size().toString());
                assertArrayEquals(
                        new long[] {
                            batch.count(),
                            channels,
                            batch.size().height(),
                            batch.size().width()
                        },
                        batch.y().shape());
            }
        }
        assertEquals(sizes, String.join(" ", seen));
        Trainer trainer =
                Trainer.fresh(settings, model, data).engine(TinyRun.engine()).build();
        float[] after;
        try (TrainingResult result = trainer.run()) {
            assertEquals(StopReason.DURATION, result.reason());
            after = result.state().parameters().flat().toFloatVector();
        }
        assertFalse(Arrays.equals(before, after));
        for (float value : after) {
            assertTrue(Float.isFinite(value));
        }
    }
}

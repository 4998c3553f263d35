package org.patchdiffusion.train.step;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.data.PatchDistribution;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.data.PixelType;
import org.patchdiffusion.data.Prefetcher;
import org.patchdiffusion.data.augment.AugmentPlace;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.train.TinyRun;
import org.patchdiffusion.train.config.TrainingConfig;

class BatchSourceTest {

    private static BatchSource source(TrainingConfig config, ModelConfig model, int classes, long firstStep) {
        return BatchSource.of(config, model, TinyRun.data(classes, 3), firstStep);
    }

    @Test
    void batchesAreAFunctionOfSeedAndStep() {
        ModelConfig model = TinyRun.modelConfig(
                TinyRun.network().labelDim(4).labelDropout(0.5).augmentDim(9));
        TrainingConfig config = TinyRun.config().xflip(true).augment(0.5).build();
        BatchSource all = source(config, model, 4, 0);
        BatchSource later = source(config, model, 4, 2);
        BatchSource planned = source(config, model, 4, 0);
        try (Prefetcher<TrainBatch> ahead = new Prefetcher<>(2, 3, planned::plan, TrainBatch::close)) {
            for (int step = 0; step < 3; step++) {
                try (TrainBatch batch = all.next();
                        TrainBatch same = step < 2 ? ahead.take() : later.next()) {
                    assertEquals(batch.patch(), same.patch());
                    assertEquals(batch.inputs().keySet(), same.inputs().keySet());
                    batch.inputs()
                            .forEach((name, array) -> assertArrayEquals(
                                    array.data().asFloat(),
                                    same.inputs().get(name).data().asFloat(),
                                    name));
                }
            }
        }
    }

    @Test
    void inputsHaveTheShapesOfTheGraphAndPlausibleValues() {
        TrainingConfig config = TinyRun.config().batch(64).realP(1).build();
        ModelConfig model = TinyRun.modelConfig(TinyRun.network());
        try (TrainBatch batch = source(config, model, 0, 0).next()) {
            Map<String, INDArray> in = batch.inputs();
            assertArrayEquals(new long[] {64, 3, 16, 16}, in.get("y").shape());
            assertArrayEquals(new long[] {64, 3, 16, 16}, in.get("noise").shape());
            assertArrayEquals(new long[] {64, 2, 16, 16}, in.get("pos").shape());
            assertArrayEquals(new long[] {64}, in.get("sigma").shape());
            assertEquals(0, in.get("noise").meanNumber().doubleValue(), 5 / Math.sqrt(64 * 768));
            assertEquals(1, in.get("noise").stdNumber().doubleValue(), 0.02);
            for (int i = 0; i < 64; i++) {
                double sigma = in.get("sigma").getDouble(i);
                double weight = (sigma * sigma + 0.25) / Math.pow(sigma * 0.5, 2);
                assertEquals(weight, in.get("weight").getDouble(i), 1e-5 * weight);
            }
            assertEquals(64, batch.expectedImages());
        }
    }

    @Test
    void labelDropoutZeroesWholeRows() {
        ModelConfig model = TinyRun.modelConfig(TinyRun.network().labelDim(4).labelDropout(0.5));
        try (TrainBatch batch =
                source(TinyRun.config().batch(64).realP(1).build(), model, 4, 0).next()) {
            INDArray sums = batch.inputs().get("labels").sum(1);
            double kept = sums.sumNumber().doubleValue();
            for (float sum : sums.toFloatVector()) {
                assertTrue(sum == 0 || sum == 1);
            }
            assertTrue(kept > 12 && kept < 52, "kept " + kept);
        }
    }

    @Test
    void labelsOfTheDataAreLeftOutOfAnUnconditionalModel() {
        try (TrainBatch batch = source(TinyRun.config().build(), TinyRun.modelConfig(TinyRun.network()), 4, 0)
                .next()) {
            assertFalse(batch.inputs().containsKey("labels"));
        }
    }

    @Test
    void augmentationLabelsTellWhatWasDone() {
        ModelConfig model = TinyRun.modelConfig(TinyRun.network().augmentDim(9));
        TrainingConfig plain = TinyRun.config().batch(32).realP(1).build();
        TrainingConfig augmented = plain.toBuilder().augment(0.12).build();
        try (TrainBatch before = source(plain, model, 0, 0).next();
                TrainBatch after = source(augmented, model, 0, 0).next()) {
            INDArray none = before.inputs().get("augment_labels");
            INDArray done = after.inputs().get("augment_labels");
            assertArrayEquals(new float[32 * 9], none.data().asFloat());
            assertArrayEquals(new long[] {32, 9}, done.shape());
            int untouched = 0;
            for (int i = 0; i < 32; i++) {
                boolean changed = done.getRow(i).amaxNumber().doubleValue() > 0;
                untouched += changed ? 0 : 1;
                assertEquals(
                        !changed,
                        before.inputs()
                                .get("y")
                                .slice(i)
                                .equalsWithEps(after.inputs().get("y").slice(i), 0));
            }
            assertTrue(untouched > 2 && untouched < 24, untouched + " of 32 are untouched");
            assertEquals(before.inputs().get("noise"), after.inputs().get("noise"));
        }
    }

    @Test
    void wholeImagesMayBeAugmentedBeforeTheCut() {
        ModelConfig model = TinyRun.modelConfig(TinyRun.network().augmentDim(9));
        TrainingConfig patches = TinyRun.config().batch(8).augment(1).build();
        TrainingConfig images =
                patches.toBuilder().augmentAt(AugmentPlace.IMAGE).build();
        BatchSource first = source(patches, model, 0, 0);
        BatchSource second = source(images, model, 0, 0);
        Set<Boolean> equal = new HashSet<>();
        for (int step = 0; step < 8; step++) {
            try (TrainBatch a = first.next();
                    TrainBatch b = second.next()) {
                assertEquals(a.inputs().get("augment_labels"), b.inputs().get("augment_labels"));
                boolean same = a.inputs().get("y").equals(b.inputs().get("y"));
                // A whole image is its own patch.
                assertEquals(a.patch().height() == 16, same);
                equal.add(same);
            }
        }
        assertEquals(Set.of(true, false), equal);
    }

    @Test
    void drawnSizesCountTheirMean() {
        BatchSource source = source(TinyRun.config().build(), TinyRun.modelConfig(TinyRun.network()), 0, 0);
        for (int step = 0; step < 8; step++) {
            try (TrainBatch batch = source.next()) {
                assertEquals(2 * 1.9, batch.expectedImages(), 1e-12);
                assertEquals(2 * 16 / batch.patch().height(), batch.size());
            }
        }
    }

    @Test
    void progressiveWalksFromSmallToLargeInTheShareOfTheImages() {
        // 38 images: to 7.6 by eights, to 19 by fours, to 38 by twos.
        TrainingConfig config =
                TinyRun.config().progressive(true).durationKimg(0.038).build();
        List<Integer> heights = new ArrayList<>();
        long images = 0;
        BatchSource source = source(config, TinyRun.modelConfig(TinyRun.network()), 0, 0);
        while (images < 38) {
            try (TrainBatch batch = source.next()) {
                heights.add(batch.patch().height());
                assertEquals(batch.size(), batch.expectedImages());
                images += batch.size();
            }
        }
        assertEquals(Arrays.asList(4, 8, 8, 8, 16, 16, 16, 16, 16, 16, 16, 16, 16), heights);
    }

    @Test
    void aLongerDurationKeepsTheSizesThatWereWalkedThrough() {
        TrainingConfig config =
                TinyRun.config().progressive(true).durationKimg(0.038).build();
        TrainingConfig longer = config.toBuilder().durationKimg(0.1).build();
        assertEquals(0.038, longer.patches().progressiveKimg());
        BatchSource before = source(config, TinyRun.modelConfig(TinyRun.network()), 0, 0);
        BatchSource after = source(longer, TinyRun.modelConfig(TinyRun.network()), 0, 0);
        for (int step = 0; step < 16; step++) {
            try (TrainBatch batch = before.next();
                    TrainBatch same = after.next()) {
                assertEquals(batch.patch(), same.patch());
                assertEquals(batch.inputs().get("y"), same.inputs().get("y"));
            }
        }
    }

    @Test
    void patchSizesOfTheConfigurationAreUsed() {
        TrainingConfig config = TinyRun.config()
                .patchSizes(PatchDistribution.parse("1/2:0.5,12:0.5"))
                .build();
        Set<PatchSize> seen = new HashSet<>();
        BatchSource source = source(config, TinyRun.modelConfig(TinyRun.network()), 0, 0);
        for (int step = 0; step < 12; step++) {
            try (TrainBatch batch = source.next()) {
                seen.add(batch.patch());
                assertEquals(2 * (0.5 * 2 + 0.5 * 16 / 12), batch.expectedImages(), 1e-12);
            }
        }
        assertEquals(Set.of(new PatchSize(8, 8), new PatchSize(12, 12)), seen);
        assertEquals(
                PatchDistribution.ofLatents(0.5),
                TinyRun.config().build().patches().distribution(PixelType.FLOAT32));
    }

    @Test
    void patchesThatDoNotFitTheLevelsAreRefused() {
        ModelConfig deep = TinyRun.modelConfig(TinyRun.network().channelMult(List.of(1, 1, 1, 1)));
        TrainingConfig config = TinyRun.config().build();
        String message = assertThrows(
                        IllegalArgumentException.class, () -> BatchSource.patchSizes(config, deep, PixelType.UINT8))
                .getMessage();
        assertTrue(message.contains("multiple of 8"), message);
        assertEquals(
                List.of(new PatchSize(16, 16)),
                BatchSource.patchSizes(TinyRun.config().realP(1).build(), deep, PixelType.UINT8)
                        .sizes());
    }
}

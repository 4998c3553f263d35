package org.patchdiffusion.train.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.patchdiffusion.data.PatchDistribution;
import org.patchdiffusion.data.augment.AugmentPlace;
import org.patchdiffusion.train.config.TrainingConfig.Builder;

class TrainingConfigTest {

    private static String messageOf(UnaryOperator<Builder> change) {
        Builder builder = change.apply(TrainingConfig.builder());
        return assertThrows(IllegalArgumentException.class, builder::build).getMessage();
    }

    @Test
    void survivesJson() {
        TrainingConfig config = TrainingConfig.builder()
                .batch(16)
                .batchGpu(4)
                .durationKimg(36.5)
                .learningRate(2e-3)
                .lrRampupKimg(1)
                .emaHalflifeKimg(2.5)
                .emaRampupRatio(0.1)
                .realP(0.25)
                .patchSizes(PatchDistribution.parse("1/2:0.25,1:0.75"))
                .progressive(true)
                .progressiveKimg(7)
                .xflip(true)
                .augment(0.12)
                .augmentAt(AugmentPlace.IMAGE)
                .seed(-7)
                .engine("generic")
                .tickKimg(0.5)
                .snapshotKimg(3)
                .checkpointKimg(4)
                .adamBeta1(0.8)
                .adamBeta2(0.99)
                .adamEpsilon(1e-6)
                .nonFiniteLimit(3)
                .validationTicks(5)
                .validationImages(17)
                .threads(3)
                .build();
        assertEquals(4, config.parts());
        assertEquals(config, TrainingConfig.fromJson(config.toJson()));
        assertEquals(config, config.toBuilder().build());
        assertTrue(config.toJson().startsWith("{\n  \"format\" : 2,"), config.toJson());
        assertTrue(config.toJson().contains("\"sizes\" : \"1/2:0.25,1:0.75\""), config.toJson());
        assertTrue(config.toJson().contains("\"halflife_kimg\" : 2.5"), config.toJson());
    }

    /** As the first format stood in a checkpoint of a run. */
    private static String recorded() throws IOException {
        try (InputStream in = TrainingConfigTest.class.getResourceAsStream("/old/training-format1.json")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void settingsOfTheFirstFormatStillLoad() throws IOException {
        TrainingConfig expected = TrainingConfig.builder()
                .batch(16)
                .learningRate(2e-3)
                .lrRampupKimg(2)
                .emaHalflifeKimg(12)
                .emaRampupRatio(0.2)
                .xflip(true)
                .tickKimg(5)
                .snapshotKimg(0)
                .checkpointKimg(0)
                .build();
        assertEquals(expected, TrainingConfig.fromJson(recorded()));
        assertEquals(expected, TrainingConfig.fromJson(expected.toJson()));
        // The very first files had neither patch sizes nor augmentation.
        String first = recorded().replaceAll("\\s*\"(patch_sizes|progressive_kimg|augment|augment_at)\" : [^,]*,", "");
        assertFalse(first.contains("patch_sizes") || first.contains("augment"), first);
        assertEquals(expected, TrainingConfig.fromJson(first));
        assertEquals(
                36.5,
                TrainingConfig.fromJson(first.replace("200000.0", "36.5"))
                        .patches()
                        .progressiveKimg());
        String bad = first.replace("{", "{\"patch_sizes\" : \"1/2\",");
        String message = assertThrows(IllegalArgumentException.class, () -> TrainingConfig.fromJson(bad))
                .getMessage();
        assertTrue(
                message.startsWith(
                        "the training settings cannot be read: patch sizes: \"1/2\" is not size:probability"),
                message);
    }

    @Test
    void settingsThatWereAddedSinceMayBeMissing() {
        TrainingConfig config = TrainingConfig.builder().batch(16).build();
        String without = config.toJson()
                .replaceAll("\\s*\"batch_gpu\" : 0,", "")
                .replaceAll(",\\s*\"threads\" : 0", "")
                .replaceAll("\\s*\"validation\" : \\{[^}]*},", "");
        assertFalse(
                without.contains("batch_gpu") || without.contains("threads") || without.contains("validation"),
                without);
        assertEquals(config, TrainingConfig.fromJson(without));
    }

    @Test
    void whatALaterVersionAddedIsNotDropped() {
        String json = TrainingConfig.builder().build().toJson();
        String later = json.replace("\"seed\" : 0", "\"seed\" : 0, \"sharpness\" : 1");
        String message = assertThrows(IllegalArgumentException.class, () -> TrainingConfig.fromJson(later))
                .getMessage();
        assertEquals(
                "the training settings cannot be read: this version knows no setting \"sharpness\"; use the version that wrote"
                        + " them, or a later one",
                message);
        String format3 = json.replace("\"format\" : 2", "\"format\" : 3");
        assertEquals(
                "the training settings cannot be read: their format is 3, this version reads up to 2; use the version that"
                        + " wrote them, or a later one",
                assertThrows(IllegalArgumentException.class, () -> TrainingConfig.fromJson(format3))
                        .getMessage());
    }

    @Test
    void eachBadSettingIsNamed() {
        assertEquals("the batch is 0, expected at least 1", messageOf(b -> b.batch(0)));
        assertEquals(
                "the number of images computed at a time (batch-gpu) is 5, expected a divisor of the batch, 16, or 0 for the"
                        + " whole batch at once",
                messageOf(b -> b.batch(16).batchGpu(5)));
        assertEquals(
                "the number of threads is -1, expected at least 1, or 0 for one a core", messageOf(b -> b.threads(-1)));
        assertEquals("the validation interval is -1, expected 0 or more ticks", messageOf(b -> b.validationTicks(-1)));
        assertEquals(
                "the number of validation images is 0, expected at least 1", messageOf(b -> b.validationImages(0)));
        assertEquals("the duration is 0.0, expected a positive number of kimg", messageOf(b -> b.durationKimg(0)));
        assertEquals(
                "the learning rate is NaN, expected a positive number", messageOf(b -> b.learningRate(Double.NaN)));
        assertEquals("the learning rate ramp-up is -1.0, expected 0 or more kimg", messageOf(b -> b.lrRampupKimg(-1)));
        assertEquals("the EMA half-life is -1.0, expected 0 or more kimg", messageOf(b -> b.emaHalflifeKimg(-1)));
        assertEquals("the EMA ramp-up ratio is -1.0, expected 0 or more", messageOf(b -> b.emaRampupRatio(-1)));
        assertEquals(
                "the probability of whole images (real-p) is 1.5, expected a number from 0 to 1",
                messageOf(b -> b.realP(1.5)));
        assertEquals(
                "the augmentation probability is -0.1, expected a number from 0 to 1", messageOf(b -> b.augment(-0.1)));
        assertEquals("the place of augmentation is null, expected PATCH or IMAGE", messageOf(b -> b.augmentAt(null)));
        assertEquals("the engine is , expected the name of an engine, or best", messageOf(b -> b.engine("")));
        assertEquals("the tick interval is 0.0, expected a positive number of kimg", messageOf(b -> b.tickKimg(0)));
        assertEquals("the snapshot interval is -1.0, expected 0 or more kimg", messageOf(b -> b.snapshotKimg(-1)));
        assertEquals("the checkpoint interval is -1.0, expected 0 or more kimg", messageOf(b -> b.checkpointKimg(-1)));
        assertEquals("the Adam beta1 is 1.0, expected a number from 0 to below 1", messageOf(b -> b.adamBeta1(1)));
        assertEquals("the Adam beta2 is 1.0, expected a number from 0 to below 1", messageOf(b -> b.adamBeta2(1)));
        assertEquals("the Adam epsilon is 0.0, expected a positive number", messageOf(b -> b.adamEpsilon(0)));
        assertEquals(
                "the limit of steps without a finite loss is 0, expected at least 1",
                messageOf(b -> b.nonFiniteLimit(0)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "{\"batch\": 16}",
                "[1]",
                "null",
            })
    void refusesIncompleteJson(String json) {
        assertTrue(assertThrows(IllegalArgumentException.class, () -> TrainingConfig.fromJson(json))
                .getMessage()
                .startsWith("the training settings cannot be read: "));
    }

    @Test
    void jsonWithABadValueSaysWhichOne() {
        String json = TrainingConfig.builder().batch(16).build().toJson().replace("\"batch\" : 16", "\"batch\" : -16");
        assertEquals(
                "the training settings cannot be read: the batch is -16, expected at least 1",
                assertThrows(IllegalArgumentException.class, () -> TrainingConfig.fromJson(json))
                        .getMessage());
    }
}

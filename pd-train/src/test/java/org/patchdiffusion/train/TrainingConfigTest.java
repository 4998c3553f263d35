package org.patchdiffusion.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.patchdiffusion.data.PatchDistribution;
import org.patchdiffusion.data.augment.AugmentPlace;
import org.patchdiffusion.train.TrainingConfig.Builder;

class TrainingConfigTest {

    private static String messageOf(UnaryOperator<Builder> change) {
        Builder builder = change.apply(TrainingConfig.builder());
        return assertThrows(IllegalArgumentException.class, builder::build).getMessage();
    }

    @Test
    void survivesJson() {
        TrainingConfig config = TrainingConfig.builder()
                .batch(16)
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
                .build();
        assertEquals(config, TrainingConfig.fromJson(config.toJson()));
        assertEquals(config, config.toBuilder().build());
        assertTrue(config.toJson().contains("\"patch_sizes\" : \"1/2:0.25,1:0.75\""), config.toJson());
        assertTrue(config.toJson().contains("\"ema_halflife_kimg\" : 2.5"), config.toJson());
    }

    @Test
    void settingsOfTheFirstVersionStillLoad() {
        TrainingConfig config =
                TrainingConfig.builder().progressive(true).durationKimg(36.5).build();
        String json = config.toJson()
                .replaceAll("\\s*\"patch_sizes\" : null,", "")
                .replaceAll("\\s*\"progressive_kimg\" : 36.5,", "")
                .replaceAll("\\s*\"augment\" : 0.0,", "")
                .replaceAll("\\s*\"augment_at\" : \"PATCH\",", "");
        assertFalse(
                json.contains("patch_sizes") || json.contains("progressive_kimg") || json.contains("augment"), json);
        assertEquals(config, TrainingConfig.fromJson(json));
        assertEquals(36.5, TrainingConfig.fromJson(json).progressiveKimg());
        String bad = json.replace("{", "{\"patch_sizes\" : \"1/2\",");
        String message = assertThrows(IllegalArgumentException.class, () -> TrainingConfig.fromJson(bad))
                .getMessage();
        assertTrue(
                message.startsWith(
                        "the training settings cannot be read: patch sizes: \"1/2\" is not size:probability"),
                message);
    }

    @Test
    void eachBadSettingIsNamed() {
        assertEquals("the batch is 0, expected at least 1", messageOf(b -> b.batch(0)));
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

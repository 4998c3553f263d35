package org.patchdiffusion.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Map;
import java.util.Optional;
import org.patchdiffusion.data.PatchDistribution;
import org.patchdiffusion.data.PixelType;
import org.patchdiffusion.data.augment.AugmentConfig;
import org.patchdiffusion.data.augment.AugmentPlace;
import org.patchdiffusion.files.Messages;

/**
 * All settings of a training run that are not the model's (which dropout and label dropout are) or the data set's.
 *
 * <p>Numbers of images are in kimg (thousands of images) and go by the image counter, which advances by the expected
 * number of images of a step. The defaults are those of the official tool.
 *
 * @param batch images of a step at full size; a step on patches of size s shows batch · R/s of them; at least 1
 * @param durationKimg when to stop; positive
 * @param learningRate Adam's step size after the ramp-up; positive
 * @param lrRampupKimg over how many images the learning rate rises from 0; 0 for no ramp-up
 * @param emaHalflifeKimg half-life of the moving average of the weights; 0 for no averaging
 * @param emaRampupRatio limits the half-life to this share of the images counted so far; 0 for no limit
 * @param realP probability of a step on whole images, in [0, 1]; the rest is shared among the smaller patches; without
 *     effect if there are {@code patchSizes}
 * @param patchSizes the patch sizes; null for the paper's with {@code realP}: see {@link #distribution}
 * @param progressive whether the patch sizes are walked through from small to large instead of being drawn
 * @param progressiveKimg over how many images they are walked through; 0 stands for the duration and becomes it, so that a
 *     run that goes on with another duration keeps the sizes that it has walked through
 * @param xflip whether images are mirrored at random
 * @param augment base probability of the augmentations, in [0, 1]; 0 for none: see {@link #augmentation}
 * @param augmentAt whether patches or whole images are augmented
 * @param seed the seed that all random draws follow from
 * @param engine name of the execution engine, or {@link #BEST_ENGINE} for the fastest that works here
 * @param tickKimg interval of the lines in {@code stats.jsonl}; positive
 * @param snapshotKimg interval of model files; 0 for one at the end only
 * @param checkpointKimg interval of checkpoints; 0 for one at the end only
 * @param adamBeta1 decay of Adam's first moment, in [0, 1)
 * @param adamBeta2 decay of Adam's second moment, in [0, 1)
 * @param adamEpsilon Adam's epsilon, positive
 * @param nonFiniteLimit after how many steps in a row without a finite loss training gives up; at least 1
 */
public record TrainingConfig(
        int batch,
        double durationKimg,
        double learningRate,
        double lrRampupKimg,
        double emaHalflifeKimg,
        double emaRampupRatio,
        double realP,
        PatchDistribution patchSizes,
        boolean progressive,
        double progressiveKimg,
        boolean xflip,
        double augment,
        AugmentPlace augmentAt,
        long seed,
        String engine,
        double tickKimg,
        double snapshotKimg,
        double checkpointKimg,
        double adamBeta1,
        double adamBeta2,
        double adamEpsilon,
        int nonFiniteLimit) {

    /** Stands for the fastest engine that works on the machine. */
    public static final String BEST_ENGINE = "best";

    /** Settings that the first version did not write, with what it did. */
    private static final Map<String, JsonNode> ADDED_LATER = Map.of(
            "patch_sizes", NullNode.getInstance(),
            "progressive_kimg", DoubleNode.valueOf(0),
            "augment", DoubleNode.valueOf(0),
            "augment_at", TextNode.valueOf(AugmentPlace.PATCH.name()));

    private static final ObjectMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .build();

    /**
     * Checks every setting.
     *
     * @throws IllegalArgumentException naming the setting, its value and what was expected
     */
    public TrainingConfig {
        require(batch >= 1, "batch", batch, "at least 1");
        require(isPositive(durationKimg), "duration", durationKimg, "a positive number of kimg");
        require(isPositive(learningRate), "learning rate", learningRate, "a positive number");
        require(isAtLeastZero(lrRampupKimg), "learning rate ramp-up", lrRampupKimg, "0 or more kimg");
        require(isAtLeastZero(emaHalflifeKimg), "EMA half-life", emaHalflifeKimg, "0 or more kimg");
        require(isAtLeastZero(emaRampupRatio), "EMA ramp-up ratio", emaRampupRatio, "0 or more");
        require(realP >= 0 && realP <= 1, "probability of whole images (real-p)", realP, "a number from 0 to 1");
        require(isAtLeastZero(progressiveKimg), "length of the progressive sizes", progressiveKimg, "0 or more kimg");
        progressiveKimg = progressiveKimg == 0 ? durationKimg : progressiveKimg;
        require(augment >= 0 && augment <= 1, "augmentation probability", augment, "a number from 0 to 1");
        require(augmentAt != null, "place of augmentation", augmentAt, "PATCH or IMAGE");
        require(engine != null && !engine.isBlank(), "engine", engine, "the name of an engine, or best");
        require(isPositive(tickKimg), "tick interval", tickKimg, "a positive number of kimg");
        require(isAtLeastZero(snapshotKimg), "snapshot interval", snapshotKimg, "0 or more kimg");
        require(isAtLeastZero(checkpointKimg), "checkpoint interval", checkpointKimg, "0 or more kimg");
        require(adamBeta1 >= 0 && adamBeta1 < 1, "Adam beta1", adamBeta1, "a number from 0 to below 1");
        require(adamBeta2 >= 0 && adamBeta2 < 1, "Adam beta2", adamBeta2, "a number from 0 to below 1");
        require(isPositive(adamEpsilon), "Adam epsilon", adamEpsilon, "a positive number");
        require(nonFiniteLimit >= 1, "limit of steps without a finite loss", nonFiniteLimit, "at least 1");
    }

    private static void require(boolean holds, String name, Object value, String expected) {
        if (!holds) {
            throw new IllegalArgumentException("the " + name + " is " + value + ", expected " + expected);
        }
    }

    private static boolean isPositive(double value) {
        return value > 0 && Double.isFinite(value);
    }

    private static boolean isAtLeastZero(double value) {
        return value >= 0 && Double.isFinite(value);
    }

    /** Starts from the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Starts from these settings. */
    public Builder toBuilder() {
        return new Builder()
                .batch(batch)
                .durationKimg(durationKimg)
                .learningRate(learningRate)
                .lrRampupKimg(lrRampupKimg)
                .emaHalflifeKimg(emaHalflifeKimg)
                .emaRampupRatio(emaRampupRatio)
                .realP(realP)
                .patchSizes(patchSizes)
                .progressive(progressive)
                .progressiveKimg(progressiveKimg)
                .xflip(xflip)
                .augment(augment)
                .augmentAt(augmentAt)
                .seed(seed)
                .engine(engine)
                .tickKimg(tickKimg)
                .snapshotKimg(snapshotKimg)
                .checkpointKimg(checkpointKimg)
                .adamBeta1(adamBeta1)
                .adamBeta2(adamBeta2)
                .adamEpsilon(adamEpsilon)
                .nonFiniteLimit(nonFiniteLimit);
    }

    /** The patch sizes: those given, or the paper's for pixels or for latents. */
    public PatchDistribution distribution(PixelType pixels) {
        if (patchSizes != null) {
            return patchSizes;
        }
        return pixels == PixelType.FLOAT32 ? PatchDistribution.ofLatents(realP) : PatchDistribution.ofPixels(realP);
    }

    /** The augmentation pipeline; empty if the probability is 0. */
    public Optional<AugmentConfig> augmentation() {
        return augment == 0 ? Optional.empty() : Optional.of(AugmentConfig.training(augment));
    }

    /** The settings as a JSON object; {@link #fromJson} reads it back. */
    public String toJson() {
        try {
            return JSON.writeValueAsString(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot write the training settings as JSON", e);
        }
    }

    /**
     * Reads what {@link #toJson} wrote, here or in an earlier version.
     *
     * @throws IllegalArgumentException if it is not a JSON object with exactly these settings, or one is out of range
     */
    public static TrainingConfig fromJson(String json) {
        try {
            if (!(JSON.readTree(json) instanceof ObjectNode settings)) {
                throw new IllegalArgumentException("the training settings cannot be read: they are no JSON object");
            }
            ADDED_LATER.forEach((name, before) -> {
                if (!settings.has(name)) {
                    settings.set(name, before);
                }
            });
            return JSON.treeToValue(settings, TrainingConfig.class);
        } catch (JsonProcessingException e) {
            String reason = e.getCause() instanceof IllegalArgumentException cause
                    ? cause.getMessage()
                    : Messages.jsonFault(e.getOriginalMessage());
            throw new IllegalArgumentException("the training settings cannot be read: " + reason, e);
        }
    }

    /** Collects settings; each method sets the component of its name. */
    public static final class Builder {
        private int batch = 512;
        private double durationKimg = 200_000;
        private double learningRate = 1e-3;
        private double lrRampupKimg = 10_000;
        private double emaHalflifeKimg = 500;
        private double emaRampupRatio = 0.05;
        private double realP = 0.5;
        private PatchDistribution patchSizes;
        private boolean progressive;
        private double progressiveKimg;
        private boolean xflip;
        private double augment;
        private AugmentPlace augmentAt = AugmentPlace.PATCH;
        private long seed;
        private String engine = BEST_ENGINE;
        private double tickKimg = 50;
        private double snapshotKimg = 2_500;
        private double checkpointKimg = 25_000;
        private double adamBeta1 = 0.9;
        private double adamBeta2 = 0.999;
        private double adamEpsilon = 1e-8;
        private int nonFiniteLimit = 50;

        private Builder() {}

        public Builder batch(int value) {
            batch = value;
            return this;
        }

        public Builder durationKimg(double value) {
            durationKimg = value;
            return this;
        }

        public Builder learningRate(double value) {
            learningRate = value;
            return this;
        }

        public Builder lrRampupKimg(double value) {
            lrRampupKimg = value;
            return this;
        }

        public Builder emaHalflifeKimg(double value) {
            emaHalflifeKimg = value;
            return this;
        }

        public Builder emaRampupRatio(double value) {
            emaRampupRatio = value;
            return this;
        }

        public Builder realP(double value) {
            realP = value;
            return this;
        }

        public Builder patchSizes(PatchDistribution value) {
            patchSizes = value;
            return this;
        }

        public Builder progressiveKimg(double value) {
            progressiveKimg = value;
            return this;
        }

        public Builder progressive(boolean value) {
            progressive = value;
            return this;
        }

        public Builder xflip(boolean value) {
            xflip = value;
            return this;
        }

        public Builder augment(double value) {
            augment = value;
            return this;
        }

        public Builder augmentAt(AugmentPlace value) {
            augmentAt = value;
            return this;
        }

        public Builder seed(long value) {
            seed = value;
            return this;
        }

        public Builder engine(String value) {
            engine = value;
            return this;
        }

        public Builder tickKimg(double value) {
            tickKimg = value;
            return this;
        }

        public Builder snapshotKimg(double value) {
            snapshotKimg = value;
            return this;
        }

        public Builder checkpointKimg(double value) {
            checkpointKimg = value;
            return this;
        }

        public Builder adamBeta1(double value) {
            adamBeta1 = value;
            return this;
        }

        public Builder adamBeta2(double value) {
            adamBeta2 = value;
            return this;
        }

        public Builder adamEpsilon(double value) {
            adamEpsilon = value;
            return this;
        }

        public Builder nonFiniteLimit(int value) {
            nonFiniteLimit = value;
            return this;
        }

        /**
         * The settings.
         *
         * @throws IllegalArgumentException if one is out of range
         */
        public TrainingConfig build() {
            return new TrainingConfig(
                    batch,
                    durationKimg,
                    learningRate,
                    lrRampupKimg,
                    emaHalflifeKimg,
                    emaRampupRatio,
                    realP,
                    patchSizes,
                    progressive,
                    progressiveKimg,
                    xflip,
                    augment,
                    augmentAt,
                    seed,
                    engine,
                    tickKimg,
                    snapshotKimg,
                    checkpointKimg,
                    adamBeta1,
                    adamBeta2,
                    adamEpsilon,
                    nonFiniteLimit);
        }
    }
}

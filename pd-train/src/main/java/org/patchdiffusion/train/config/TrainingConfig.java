package org.patchdiffusion.train.config;

import org.patchdiffusion.data.PatchDistribution;
import org.patchdiffusion.data.augment.AugmentPlace;

/**
 * All settings of a training run that are not the model's (which dropout and label dropout are) or the data set's.
 *
 * <p>Numbers of images are in kimg (thousands of images) and go by the image counter, which advances by the expected
 * number of images of a step. The defaults are those of the official tool.
 *
 * @param batch images of a step at full size; a step on patches of size s shows batch · R/s of them; at least 1
 * @param batchGpu images that are computed at a time, at full size: a step adds up the gradients of batch / batchGpu
 *     parts, which takes the memory of one part; a divisor of the batch, or 0 for the whole batch at once
 * @param durationKimg when to stop; positive
 * @param seed the seed that all random draws follow from
 * @param optimizer Adam and the learning rate
 * @param ema the averaged weights
 * @param patches which patch sizes steps are taken on
 * @param augment how images are changed before they are shown
 * @param intervals how often a run says and keeps something
 * @param validation how the loss of held-out images is measured
 * @param execution what computes the steps
 */
public record TrainingConfig(
        int batch,
        int batchGpu,
        double durationKimg,
        long seed,
        OptimizerSettings optimizer,
        EmaSettings ema,
        PatchSettings patches,
        AugmentSettings augment,
        IntervalSettings intervals,
        ValidationSettings validation,
        ExecutionSettings execution) {

    /** Stands for the fastest engine that works on the machine. */
    public static final String BEST_ENGINE = "best";

    static final double CHECKPOINT_MINUTES = 10;

    static final ValidationSettings VALIDATION = new ValidationSettings(1, 64);

    /**
     * Checks what the groups of settings do not check themselves.
     *
     * @throws IllegalArgumentException naming the setting, its value and what was expected
     */
    public TrainingConfig {
        SettingRange.require(batch >= 1, "batch", batch, "at least 1");
        SettingRange.require(
                batchGpu == 0 || batchGpu >= 1 && batch % batchGpu == 0,
                "number of images computed at a time (batch-gpu)",
                batchGpu,
                "a divisor of the batch, " + batch + ", or 0 for the whole batch at once");
        SettingRange.requirePositive(durationKimg, "duration", "a positive number of kimg");
        patches = patches.over(durationKimg);
    }

    /** Starts from the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Starts from these settings. */
    public Builder toBuilder() {
        return new Builder()
                .batch(batch)
                .batchGpu(batchGpu)
                .durationKimg(durationKimg)
                .seed(seed)
                .learningRate(optimizer.learningRate())
                .lrRampupKimg(optimizer.lrRampupKimg())
                .adamBeta1(optimizer.beta1())
                .adamBeta2(optimizer.beta2())
                .adamEpsilon(optimizer.epsilon())
                .nonFiniteLimit(optimizer.nonFiniteLimit())
                .emaHalflifeKimg(ema.halflifeKimg())
                .emaRampupRatio(ema.rampupRatio())
                .realP(patches.realP())
                .patchSizes(patches.sizes())
                .progressive(patches.progressive())
                .progressiveKimg(patches.progressiveKimg())
                .xflip(augment.xflip())
                .augment(augment.probability())
                .augmentAt(augment.at())
                .tickKimg(intervals.tickKimg())
                .snapshotKimg(intervals.snapshotKimg())
                .checkpointKimg(intervals.checkpointKimg())
                .checkpointMinutes(intervals.checkpointMinutes())
                .validationTicks(validation.everyTicks())
                .validationImages(validation.heldOut())
                .engine(execution.engine())
                .threads(execution.threads());
    }

    /** In how many parts a step's batch is computed, one after another. */
    public int parts() {
        return batchGpu == 0 ? 1 : batch / batchGpu;
    }

    /** The settings as a JSON object; {@link #fromJson} reads it back. */
    public String toJson() {
        return TrainingConfigJson.write(this);
    }

    /**
     * Reads what {@link #toJson} wrote, here or in an earlier version. What that version did not know gets the value by which it
     * did what it did.
     *
     * @throws IllegalArgumentException if it is not a JSON object with these settings and no others, or one is out of
     *     range, or a later version wrote it
     */
    public static TrainingConfig fromJson(String json) {
        return TrainingConfigJson.read(json);
    }

    /** Collects settings; each method sets the component of its name, whatever its group. */
    public static final class Builder {
        private int batch = 512;
        private int batchGpu;
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
        private double checkpointMinutes = CHECKPOINT_MINUTES;
        private double adamBeta1 = 0.9;
        private double adamBeta2 = 0.999;
        private double adamEpsilon = 1e-8;
        private int nonFiniteLimit = 50;
        private int validationTicks = VALIDATION.everyTicks();
        private int validationImages = VALIDATION.heldOut();
        private int threads;

        private Builder() {}

        public Builder batch(int value) {
            batch = value;
            return this;
        }

        public Builder batchGpu(int value) {
            batchGpu = value;
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

        public Builder threads(int value) {
            threads = value;
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

        public Builder checkpointMinutes(double value) {
            checkpointMinutes = value;
            return this;
        }

        public Builder validationTicks(int value) {
            validationTicks = value;
            return this;
        }

        public Builder validationImages(int value) {
            validationImages = value;
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
                    batchGpu,
                    durationKimg,
                    seed,
                    new OptimizerSettings(
                            learningRate, lrRampupKimg, adamBeta1, adamBeta2, adamEpsilon, nonFiniteLimit),
                    new EmaSettings(emaHalflifeKimg, emaRampupRatio),
                    new PatchSettings(realP, patchSizes, progressive, progressiveKimg),
                    new AugmentSettings(xflip, augment, augmentAt),
                    new IntervalSettings(tickKimg, snapshotKimg, checkpointKimg, checkpointMinutes),
                    new ValidationSettings(validationTicks, validationImages),
                    new ExecutionSettings(engine, threads));
        }
    }
}

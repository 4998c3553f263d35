package org.patchdiffusion.train.step;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.data.FilledArray;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PatchBatch;
import org.patchdiffusion.data.PatchIterator;
import org.patchdiffusion.data.PatchSchedule;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.data.PatchSizes;
import org.patchdiffusion.data.PixelType;
import org.patchdiffusion.data.Purpose;
import org.patchdiffusion.data.RandomStream;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.precond.NoiseLevel;
import org.patchdiffusion.model.precond.Preconditioning;
import org.patchdiffusion.train.config.TrainingConfig;

/**
 * Makes the batches of training one after another: patches with their coordinates, noise levels and noise, labels, and
 * augmentation labels. Each is a pure function of (seed, step, index of the image in the batch). Used by one thread at a
 * time.
 */
public final class BatchSource {
    private final TrainingConfig config;
    private final UNetConfig network;
    private final Preconditioning preconditioning;
    private final PatchSizes sizes;
    private final PatchIterator patches;

    private BatchSource(TrainingConfig config, ModelConfig model, PatchSizes sizes, PatchIterator patches) {
        this.config = config;
        this.network = model.network();
        this.preconditioning = model.preconditioning();
        this.sizes = sizes;
        this.patches = patches;
    }

    /** The batches from a step on. */
    public static BatchSource of(TrainingConfig config, ModelConfig model, ImageDataset data, long firstStep) {
        PatchSizes sizes = patchSizes(config, model, data.description().pixels());
        PatchIterator.Builder builder = PatchIterator.builder(data, sizes)
                .batch(config.batch())
                .seed(config.seed())
                .schedule(schedule(config, sizes))
                .randomFlip(config.augment().xflip());
        config.augment()
                .pipeline()
                .ifPresent(augmentation ->
                        builder.augment(augmentation, config.augment().at()));
        PatchIterator patches = builder.build();
        patches.seek(firstStep);
        return new BatchSource(config, model, sizes, patches);
    }

    /**
     * The patch sizes of a run.
     *
     * @throws IllegalArgumentException if the network cannot take one of them
     */
    public static PatchSizes patchSizes(TrainingConfig config, ModelConfig model, PixelType pixels) {
        int divisor = 1 << (model.network().levels() - 1);
        return PatchSizes.of(model.height(), model.width(), config.patches().distribution(pixels), divisor);
    }

    private static PatchSchedule schedule(TrainingConfig config, PatchSizes sizes) {
        return config.patches().progressive()
                ? sizes.progressive(config.patches().progressiveKimg() * 1000, config.batch())
                : sizes.drawn(config.seed());
    }

    /** The batch of the next step, which is the caller's to close. */
    public TrainBatch next() {
        return complete(patches.nextBatch());
    }

    /** The making of the batch of the next step, which may run later and on another thread, once. */
    public Callable<TrainBatch> plan() {
        Callable<PatchBatch> patch = patches.plan();
        return () -> complete(patch.call());
    }

    private TrainBatch complete(PatchBatch patch) {
        PatchSize size = patch.size();
        Map<String, INDArray> inputs = new HashMap<>();
        inputs.put("y", patch.y());
        inputs.put("pos", patch.pos());
        putNoise(inputs, patch.step(), patch.y().shape());
        if (network.labelDim() > 0) {
            inputs.put("labels", patch.labels());
            dropLabels(patch.labels(), patch.step());
        } else if (patch.labels() != null) {
            patch.labels().close();
        }
        if (network.augmentDim() > 0) {
            // Without augmentation the labels say that nothing was changed.
            inputs.put(
                    "augment_labels",
                    patch.augmentLabels() != null
                            ? patch.augmentLabels()
                            : Nd4j.create(DataType.FLOAT, patch.count(), network.augmentDim()));
        }
        return new TrainBatch(size, expectedImages(size), inputs);
    }

    /** Drawn sizes count as their mean, so that the counter does not depend on the draws; a planned one as it is. */
    private double expectedImages(PatchSize size) {
        return config.patches().progressive()
                ? sizes.batch(config.batch(), size)
                : config.batch() * sizes.expectedMultiplier();
    }

    private void putNoise(Map<String, INDArray> inputs, long step, long[] shape) {
        int count = (int) shape[0];
        float[] sigma = new float[count];
        float[] weight = new float[count];
        int length = Math.toIntExact(shape[1] * shape[2] * shape[3]);
        FilledArray noise = FilledArray.of(shape);
        float[] one = new float[length];
        for (int i = 0; i < count; i++) {
            RandomStream random = RandomStream.of(config.seed(), Purpose.SIGMA, step, i);
            NoiseLevel level =
                    preconditioning.draw(preconditioning.drawsNormal() ? random.nextGaussian() : random.nextDouble());
            sigma[i] = (float) level.sigma();
            weight[i] = (float) level.weight();
            RandomStream.of(config.seed(), Purpose.NOISE, step, i).fillGaussian(one);
            noise.add(one);
        }
        inputs.put("sigma", Nd4j.createFromArray(sigma));
        inputs.put("weight", Nd4j.createFromArray(weight));
        inputs.put("noise", noise.array());
    }

    /** Zeroes some labels, so that the network also learns without them (Ho and Salimans 2022). */
    private void dropLabels(INDArray labels, long step) {
        for (int i = 0; network.labelDropout() > 0 && i < labels.size(0); i++) {
            RandomStream random = RandomStream.of(config.seed(), Purpose.LABEL_DROPOUT, step, i);
            if (random.nextDouble() < network.labelDropout()) {
                for (int c = 0; c < labels.size(1); c++) {
                    labels.putScalar(i, c, 0);
                }
            }
        }
    }
}

package org.patchdiffusion.data;

import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.util.NoSuchElementException;
import java.util.concurrent.Callable;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.dataset.api.MultiDataSetPreProcessor;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;
import org.patchdiffusion.data.augment.AugmentConfig;
import org.patchdiffusion.data.augment.AugmentPlace;

/**
 * The batches of a training run: each step shows random patches of the next images of an endless shuffled order.
 *
 * <p>All images of a step have the same patch size, drawn by the schedule, and a step on patches of 1/k of the sides
 * shows k times the batch (Wang et al., arXiv 2304.12526, section 3.3). Each image is cropped at its own random place.
 * As a {@link MultiDataSetIterator} it gives the features of {@link PatchBatch#toMultiDataSet}.
 *
 * <p>A batch is a pure function of (seed, step): {@link #seek} resumes a run exactly, and batches that a {@link Prefetcher}
 * makes ahead from their {@link #plan plans} are the same. Used by one thread at a time. The data set has another owner.
 */
public final class PatchIterator implements MultiDataSetIterator {

    private static final long serialVersionUID = 1L;

    private final transient PatchSizes sizes;
    private final transient PatchSchedule schedule;
    private final transient ShuffledOrder order;
    private final transient PatchLoader loader;
    private final int batch;
    private final boolean labelsAsTargets;
    private final long steps;
    private long nextStep;
    private long nextPosition;
    private transient MultiDataSetPreProcessor preProcessor;

    private PatchIterator(Builder builder) {
        sizes = builder.sizes;
        schedule = builder.schedule == null ? sizes.drawn(builder.seed) : builder.schedule;
        order = new ShuffledOrder(builder.seed, builder.dataset.size());
        loader = new PatchLoader(builder.dataset, builder.seed, builder.flip, builder.augmenter());
        batch = builder.batch;
        labelsAsTargets = builder.labelsAsTargets;
        steps = builder.steps;
    }

    /**
     * Starts the description of an iterator.
     *
     * @throws IllegalArgumentException if the sizes are for images of another size
     */
    public static Builder builder(ImageDataset dataset, PatchSizes sizes) {
        return new Builder(dataset, sizes);
    }

    /** What an iterator shows; the defaults are an endless run of 16 images a step, not flipped. */
    public static final class Builder {
        private final ImageDataset dataset;
        private final PatchSizes sizes;
        private PatchSchedule schedule;
        private int batch = 16;
        private long seed;
        private long steps = Long.MAX_VALUE;
        private boolean flip;
        private boolean labelsAsTargets;
        private AugmentConfig augmentation;
        private AugmentPlace augmentPlace;

        private Builder(ImageDataset dataset, PatchSizes sizes) {
            if (sizes.height() != dataset.height() || sizes.width() != dataset.width()) {
                throw new IllegalArgumentException("patch sizes are for images of " + sizes.width() + "x"
                        + sizes.height() + ", but those of " + dataset.name() + " are " + dataset.width() + "x"
                        + dataset.height());
            }
            this.dataset = dataset;
            this.sizes = sizes;
        }

        /** Images in a step on whole images, at least 1. */
        public Builder batch(int images) {
            batch = require("batch", images, 1);
            return this;
        }

        /** Seed of the order, patch sizes, crops and flips. */
        public Builder seed(long value) {
            seed = value;
            return this;
        }

        /** Number of steps after which the iterator ends, at least 1. */
        public Builder steps(long count) {
            if (count < 1) {
                throw new IllegalArgumentException("number of steps is " + count + ", expected at least 1");
            }
            steps = count;
            return this;
        }

        /** Patch size of each step; by default {@link PatchSizes#drawn} with the iterator's seed. */
        public Builder schedule(PatchSchedule value) {
            schedule = value;
            return this;
        }

        /**
         * Whether {@link #next} gives the one-hot classes as labels to compare an output with, rather than as a third feature.
         *
         * @throws IllegalArgumentException if the data set has none
         */
        public Builder labelsAsTargets(boolean value) {
            if (value && dataset.labelDim() == 0) {
                throw new IllegalArgumentException(dataset.name() + ": has no labels to use as targets");
            }
            labelsAsTargets = value;
            return this;
        }

        /** Whether to mirror each shown image left to right with probability 1/2. */
        public Builder randomFlip(boolean value) {
            flip = value;
            return this;
        }

        /**
         * Augments the shown images: all draws follow from the iterator's seed, and {@link PatchBatch#augmentLabels} tells what
         * was done.
         */
        public Builder augment(AugmentConfig config, AugmentPlace place) {
            augmentation = config;
            augmentPlace = place;
            return this;
        }

        private Augmenter augmenter() {
            return augmentation == null ? null : Augmenter.of(augmentation, augmentPlace, dataset.channels(), seed);
        }

        private static int require(String what, int value, int least) {
            if (value < least) {
                throw new IllegalArgumentException(what + " is " + value + ", expected at least " + least);
            }
            return value;
        }

        /**
         * The iterator, at step 0.
         *
         * @throws IllegalArgumentException if the augmentation does not fit the images' channels
         */
        public PatchIterator build() {
            return new PatchIterator(this);
        }
    }

    /** The step that the next batch is for. */
    public long step() {
        return nextStep;
    }

    /**
     * Goes to a step: the next batch is that of {@code step}. Takes about 0.1 s for each million steps.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public void seek(long step) {
        if (step < 0) {
            throw new IllegalArgumentException("step is " + step + ", expected 0 or more");
        }
        if (step < nextStep) {
            nextStep = 0;
            nextPosition = 0;
        }
        while (nextStep < step) {
            nextPosition += sizes.batch(batch, schedule.at(nextStep++));
        }
    }

    @Override
    public boolean hasNext() {
        return nextStep < steps;
    }

    /**
     * The batch of the next step, which the caller closes after use.
     *
     * @throws NoSuchElementException after the last step
     */
    public PatchBatch nextBatch() {
        return load(planNext());
    }

    /**
     * The making of the batch of the next step, which may run later and on another thread, once.
     *
     * @throws NoSuchElementException after the last step
     */
    public Callable<PatchBatch> plan() {
        Plan plan = planNext();
        return () -> load(plan);
    }

    private PatchBatch load(Plan plan) {
        return loader.load(plan.step(), plan.size(), plan.images());
    }

    private record Plan(long step, PatchSize size, int[] images) {}

    private Plan planNext() {
        if (!hasNext()) {
            throw new NoSuchElementException("the data iterator ended after step " + steps);
        }
        PatchSize size = schedule.at(nextStep);
        int[] images = new int[sizes.batch(batch, size)];
        for (int i = 0; i < images.length; i++) {
            images[i] = order.imageAt(nextPosition++);
        }
        return new Plan(nextStep++, size, images);
    }

    /**
     * The batch of the next step as the features of {@link PatchBatch#toMultiDataSet}.
     *
     * @throws NoSuchElementException after the last step
     */
    @Override
    public MultiDataSet next() {
        PatchBatch next = nextBatch();
        MultiDataSet data = labelsAsTargets ? next.toLabelledMultiDataSet() : next.toMultiDataSet();
        if (preProcessor != null) {
            preProcessor.preProcess(data);
        }
        return data;
    }

    /** @throws UnsupportedOperationException always: the step decides the number of images */
    @Override
    public MultiDataSet next(int number) {
        throw new UnsupportedOperationException("a step shows batch x resolution / patch images; call next()");
    }

    @Override
    public void setPreProcessor(MultiDataSetPreProcessor value) {
        preProcessor = value;
    }

    @Override
    public MultiDataSetPreProcessor getPreProcessor() {
        return preProcessor;
    }

    @Override
    public boolean resetSupported() {
        return true;
    }

    /** Whether a wrapper may prefetch from this iterator: yes, as {@code AsyncMultiDataSetIterator} does. */
    @Override
    public boolean asyncSupported() {
        return true;
    }

    @Override
    public void reset() {
        seek(0);
    }

    private void writeObject(ObjectOutputStream out) throws NotSerializableException {
        throw new NotSerializableException("a PatchIterator holds its images; build a new one and seek to the step");
    }
}

package org.patchdiffusion.eval.sample;

import java.io.IOException;
import java.nio.file.Path;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.data.Purpose;
import org.patchdiffusion.data.RandomStream;
import org.patchdiffusion.eval.Images;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.io.ModelFile;

/**
 * Draws the image of each seed with a model. The image of a seed is the same whatever is drawn with it, by however many threads.
 *
 * <p>Compiled once; close it after use. Threads that share one take turns.
 */
public final class ImageGenerator implements AutoCloseable {
    private final ModelConfig config;
    private final SamplingConfig sampling;
    private final NoiseSchedule schedule;
    private final PatchSize size;
    private final PatchSize computed;
    private final int label;
    private final GeneratorParts parts;

    private ImageGenerator(Builder builder) {
        config = builder.model.config();
        sampling = builder.sampling;
        schedule = sampling.schedule().within(config.preconditioning());
        label = builder.label;
        parts = new GeneratorParts(builder);
        size = parts.canvas().size();
        computed = parts.computed();
    }

    /**
     * A generator with the standard settings, on all cores.
     *
     * @param file a model, {@code .safetensors}
     * @throws IOException if the file is missing or damaged
     */
    public static ImageGenerator load(Path file) throws IOException {
        return builder(ModelFile.read(file)).build();
    }

    /** Starts a generator with the standard settings: the model's own size, {@link SamplingConfig#standard}, no guidance. */
    public static Builder builder(DiffusionModel model) {
        return new Builder(model);
    }

    /** How many channels, rows and columns its images have. */
    public long[] imageShape() {
        return new long[] {config.channels(), size.height(), size.width()};
    }

    /**
     * Draws images.
     *
     * @param seeds one for each image
     */
    public Images draw(long... seeds) {
        return draw(seeds, SamplerListener.NONE);
    }

    /**
     * Draws images.
     *
     * @param seeds one for each image
     * @param listener told after each step; its images may have more rows and columns than the result, below and to the right
     * @throws IllegalArgumentException if there is no seed, or the model gives values that are not numbers
     */
    public Images draw(long[] seeds, SamplerListener listener) {
        try (Samples samples = sample(seeds, listener)) {
            return Images.fromModelRange(samples.images());
        }
    }

    /**
     * Draws images as arrays, before they become pixels.
     *
     * @param seeds one for each image
     * @param listener told after each step, as for {@link #draw(long[], SamplerListener)}
     * @return the images, which the caller closes
     */
    public synchronized Samples sample(long[] seeds, SamplerListener listener) {
        SampleRequest request = SampleRequest.ofSeeds(seeds, config.channels(), computed.height(), computed.width())
                .withSteps(sampling.steps())
                .withListener(listener);
        if (config.network().labelDim() == 0) {
            return cropped(sampling.sampler().sample(parts.denoiser(), schedule, request));
        }
        try (INDArray labels = labels(seeds)) {
            return cropped(sampling.sampler().sample(parts.denoiser(), schedule, request.withLabels(labels)));
        }
    }

    private Samples cropped(Samples whole) {
        if (size.equals(computed)) {
            return whole;
        }
        try (whole) {
            INDArray part = whole.images()
                    .get(
                            NDArrayIndex.all(),
                            NDArrayIndex.all(),
                            NDArrayIndex.interval(0, size.height()),
                            NDArrayIndex.interval(0, size.width()));
            return new Samples(part.dup('c'), whole.evaluations(), whole.seconds(), whole.denoiserSeconds());
        }
    }

    private INDArray labels(long[] seeds) {
        int classes = config.network().labelDim();
        INDArray labels = Nd4j.zeros(DataType.FLOAT, seeds.length, classes);
        for (int i = 0; i < seeds.length; i++) {
            int own = label >= 0
                    ? label
                    : RandomStream.of(seeds[i], Purpose.SAMPLE_CLASS, 0, 0).nextInt(classes);
            labels.putScalar(i, own, 1);
        }
        return labels;
    }

    /** Frees what it compiled, and its engine unless that was given to it. */
    @Override
    public synchronized void close() {
        parts.close();
    }

    /** Collects what a generator needs; may build any number of them. */
    public static final class Builder {
        final DiffusionModel model;
        SamplingConfig sampling = SamplingConfig.standard();
        Engine engine;
        int label = -1;
        Canvas canvas;
        Tiling tiling;
        Guidance classifierFree;
        DiffusionModel weaker;
        Guidance autoguidance;
        Tiling slidingWindow;
        Guidance windowGuidance;
        KnownPicture known;

        private Builder(DiffusionModel model) {
            this.model = model;
        }

        /** Samples in this way. */
        public Builder sampling(SamplingConfig value) {
            sampling = value;
            return this;
        }

        /** Computes on this engine, which stays the caller's; by default on one of its own. */
        public Builder engine(Engine value) {
            engine = value;
            return this;
        }

        /**
         * Draws images of this class only; by default each seed has a class of its own.
         *
         * @throws IllegalArgumentException if the model has no such class
         */
        public Builder onlyClass(int value) {
            int classes = model.config().network().labelDim();
            if (value < 0 || value >= classes) {
                throw new IllegalArgumentException("class " + value
                        + (classes == 0 ? ": the model is unconditional" : ", expected 0 to " + (classes - 1)));
            }
            label = value;
            return this;
        }

        /** Draws this part of the plane of coordinates, of any size; by default the model's own picture. */
        public Builder canvas(Canvas value) {
            canvas = value;
            return this;
        }

        /** Covers the canvas by windows, so that memory does not grow with it; by default it is computed whole. */
        public Builder tiling(Tiling value) {
            tiling = value;
            return this;
        }

        /** Guides towards the classes, of a model that was trained with some labels dropped. */
        public Builder classifierFree(Guidance guidance) {
            classifierFree = guidance;
            return this;
        }

        /** Guides away from a weaker model of the same size and classes, such as an early snapshot of the same run. */
        public Builder autoguidance(DiffusionModel weakerModel, Guidance guidance) {
            weaker = weakerModel;
            autoguidance = guidance;
            return this;
        }

        /** Guides away from the model's own view of windows, which see no more than themselves and their place. */
        public Builder slidingWindow(Tiling windows, Guidance guidance) {
            slidingWindow = windows;
            windowGuidance = guidance;
            return this;
        }

        /** Keeps the known pixels of a picture of the canvas' size and draws the rest. */
        public Builder known(KnownPicture picture) {
            known = picture;
            return this;
        }

        /**
         * Compiles a generator.
         *
         * @throws IllegalArgumentException if the parts do not fit each other, naming what does not
         */
        public ImageGenerator build() {
            return new ImageGenerator(this);
        }
    }
}

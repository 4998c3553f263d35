package org.patchdiffusion.train;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PatchSizes;
import org.patchdiffusion.data.Prefetcher;
import org.patchdiffusion.data.augment.AugmentConfig;
import org.patchdiffusion.files.Messages;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Engines;
import org.patchdiffusion.model.engine.MemoryShortageException;
import org.patchdiffusion.train.checkpoint.Checkpoint;
import org.patchdiffusion.train.checkpoint.TrainingState;
import org.patchdiffusion.train.concurrent.Failure;
import org.patchdiffusion.train.config.ExecutionSettings;
import org.patchdiffusion.train.config.TrainingConfig;
import org.patchdiffusion.train.step.BatchSource;
import org.patchdiffusion.train.step.TrainBatch;
import org.patchdiffusion.train.step.TrainStep;

/**
 * Trains a diffusion model patch by patch (Wang et al. 2023, arXiv 2304.12526, Algorithm 1).
 *
 * <p>A step draws one patch size, crops that patch from every image of a batch with its coordinates, adds noise of a
 * random level to each, and moves the weights down the gradient of the weighted denoising error. Everything random is
 * a function of the seed and the step, so a run that goes on from a checkpoint ends with the same bits as one that was never interrupted.
 */
public final class Trainer {
    /** How long the JVM waits for a step and a checkpoint when it is told to go. */
    public static final Duration SHUTDOWN_LIMIT = Duration.ofMinutes(2);

    /** A bound of the memory for batches, however many cores there are. */
    private static final int MOST_BATCHES_AHEAD = 8;

    private final TrainingConfig config;
    private final ModelConfig model;
    private final ImageDataset data;
    /** Null if the run is to make one of its own. */
    private final Engine givenEngine;

    private final Supplier<TrainingState> start;
    /** What the steps before were computed with; null for a fresh start. */
    private final TrainingConfig before;

    private final Duration budget;
    /** Null if the JVM may go at once. */
    private final Duration shutdownLimit;

    private final Listeners listeners;
    private final LongSupplier nanos;
    private final StopRequest request = new StopRequest();
    private final AtomicBoolean used = new AtomicBoolean();

    private Trainer(Builder builder) {
        this.config = builder.config;
        this.model = builder.model;
        this.data = builder.data;
        this.givenEngine = builder.engine;
        this.start = builder.start;
        this.before = builder.before;
        this.budget = builder.budget;
        this.shutdownLimit = builder.shutdownLimit;
        this.listeners = new Listeners(builder.listeners, builder.late);
        this.nanos = builder.nanos;
    }

    /**
     * Starts a fresh run.
     *
     * @param model the model to train: newly made, or read from a file to start from its weights; in training its weights
     *     are the averaged ones, and so they are afterwards
     * @param data the images; they must be of the model's size
     */
    public static Builder fresh(TrainingConfig config, DiffusionModel model, ImageDataset data) {
        return new Builder(config, model.config(), data, () -> TrainingState.start(model.parameters()), null);
    }

    /**
     * Goes on with a run.
     *
     * @param config settings; the checkpoint's own for the same result as without the interruption
     * @param checkpoint where to go on; its state becomes the run's, which changes and frees it
     * @param data the images that the checkpoint was trained on
     * @throws IllegalArgumentException if the images are others
     */
    public static Builder resume(TrainingConfig config, Checkpoint checkpoint, ImageDataset data) {
        if (!checkpoint.dataFingerprint().equals(data.fingerprint())) {
            throw new IllegalArgumentException("the data set " + data.name() + " is not the one that the checkpoint was"
                    + " trained on, or another part of it; to train its weights on other images, transfer them from a model"
                    + " file");
        }
        return new Builder(config, checkpoint.model(), data, checkpoint::state, checkpoint.training());
    }

    private static Engine engineOf(TrainingConfig config) {
        ExecutionSettings execution = config.execution();
        return execution.engine().equals(TrainingConfig.BEST_ENGINE)
                ? Engines.best(execution.threads())
                : Engines.byName(execution.engine(), execution.threads());
    }

    /**
     * Asks training to end after the current step, with a checkpoint and a snapshot. May be called from any thread. A call
     * after that checkpoint cuts short what is drawn last.
     */
    public void stop() {
        request.make();
    }

    /**
     * Trains until the duration, the budget or a request to stop (see {@link #stop}; an interrupt of the thread is one
     * too) ends it. A trainer runs once.
     *
     * <p>Whatever ends it, threads, programs and gradients are gone when this returns. If it throws, so is the state: a
     * checkpoint was written before, unless nothing was learned since the last one or the weights are not worth keeping.
     *
     * @return the averaged model and all else that was made; close it
     * @throws IOException if a listener cannot read or write
     * @throws TrainingMemoryException if the memory is not enough
     * @throws IllegalStateException if the loss is not finite for too many steps in a row or at the end, or if the trainer
     *     ran before
     */
    public TrainingResult run() throws IOException {
        if (used.getAndSet(true)) {
            throw new IllegalStateException("a trainer runs once; build another one to train on");
        }
        Optional<ShutdownHook> hook =
                Optional.ofNullable(shutdownLimit).map(limit -> new ShutdownHook(this::stop, limit));
        PhaseClock clock = new PhaseClock(nanos);
        RunLimits limits = new RunLimits(config.durationKimg(), budget, request, clock);
        // The engine is closed before the JVM is free to go: native code that still runs while the JVM unloads its
        // libraries
        // would abort the process.
        try (Engine own = givenEngine == null ? engineOf(config) : null) {
            return run(own == null ? givenEngine : own, limits, clock);
        } catch (OutOfMemoryError e) {
            throw untried().onExhaustion(e);
        } finally {
            hook.ifPresent(ShutdownHook::release);
            if (limits.wasInterrupted()) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private TrainingResult run(Engine engine, RunLimits limits, PhaseClock clock) throws IOException {
        TrainingState state = start.get();
        TrainingLoop loop = new TrainingLoop(describe(engine, state), state, limits, listeners, clock);
        try {
            return new TrainingResult(model, state, train(loop, state, engine));
        } catch (IOException | RuntimeException | Error e) {
            Exception cause = asException(e);
            loop.fail(cause);
            state.close();
            Failure failure = new Failure();
            failure.add(cause instanceof TrainingMemoryException ? cause : e);
            failure.rethrow();
            throw new IllegalStateException(e);
        }
    }

    /**
     * Runs and closes what it opened, in an order in which nothing outlives the memory that it uses: first the batches in
     * preparation are waited for and freed, then the programs, the optimizer's threads and the gradients.
     */
    private StopReason train(TrainingLoop loop, TrainingState state, Engine engine) throws IOException {
        BatchSource source = BatchSource.of(config, model, data, state.steps());
        int ahead = Math.min(data.threads(), MOST_BATCHES_AHEAD);
        PatchSizes sizes =
                BatchSource.patchSizes(config, model, data.description().pixels());
        try (TrainStep step = prepare(state, engine, sizes);
                Prefetcher<TrainBatch> batches = new Prefetcher<>(ahead, ahead, source::plan, TrainBatch::close)) {
            return loop.train(step, batches, changeOfExecution(engine));
        }
    }

    private TrainStep prepare(TrainingState state, Engine engine, PatchSizes sizes) {
        try {
            return new TrainStep(config, model, state, engine, sizes);
        } catch (MemoryShortageException e) {
            MemoryAdvice advice =
                    new MemoryAdvice(config, model, (other, network) -> TrainStep.fits(other, network, engine, sizes));
            throw advice.onShortage(e, sizes);
        }
    }

    /** Advice that nothing is compiled for: there is no memory to try it. */
    private MemoryAdvice untried() {
        return new MemoryAdvice(config, model, (other, network) -> true);
    }

    private Optional<String> changeOfExecution(Engine engine) {
        if (before == null) {
            return Optional.empty();
        }
        ExecutionSettings then = before.execution();
        ExecutionSettings now = new ExecutionSettings(engine.name(), engine.threads());
        boolean isKnown = then.threads() > 0 && !then.engine().equals(TrainingConfig.BEST_ENGINE);
        List<String> changes = new ArrayList<>();
        if (isKnown && !now.equals(then)) {
            changes.add("by the engine " + then.engine() + " on " + then.threads() + " threads, this run is by "
                    + now.engine() + " on " + now.threads());
        }
        if (config.parts() != before.parts()) {
            changes.add("in " + Messages.count(before.parts(), "part") + " a step, this run is in " + config.parts());
        }
        return changes.isEmpty()
                ? Optional.empty()
                : Optional.of("the checkpoint was computed " + String.join(", and ", changes)
                        + ": its roundings differ from those of a run that was not interrupted");
    }

    private Exception asException(Throwable failure) {
        Optional<OutOfMemoryError> exhaustion = MemoryAdvice.exhaustion(failure);
        if (exhaustion.isPresent()) {
            return untried().onExhaustion(exhaustion.get());
        }
        return failure instanceof Exception e ? e : new IllegalStateException(failure.toString(), failure);
    }

    private TrainingRun describe(Engine engine, TrainingState state) {
        TrainingConfig actual = config.toBuilder()
                .engine(engine.name())
                .threads(engine.threads())
                .build();
        return new TrainingRun(
                actual,
                model,
                state.parameters().layout().length(),
                config.patches().distribution(data.description().pixels()),
                data.name(),
                data.size(),
                data.fingerprint(),
                engine.name(),
                state.progress(),
                request);
    }

    /** Collects what a run needs. */
    public static final class Builder {
        private final TrainingConfig config;
        private final ModelConfig model;
        private final ImageDataset data;
        private final Supplier<TrainingState> start;
        private final TrainingConfig before;
        private final List<TrainingListener> listeners = new ArrayList<>();
        private LateListeners late = LateListeners.NONE;
        private LongSupplier nanos = System::nanoTime;
        private Engine engine;
        private Duration budget;
        private Duration shutdownLimit;

        private Builder(
                TrainingConfig config,
                ModelConfig model,
                ImageDataset data,
                Supplier<TrainingState> start,
                TrainingConfig before) {
            this.config = config;
            this.model = model;
            this.data = data;
            this.start = start;
            this.before = before;
        }

        /** Executes the loss graphs with this engine, rather than the one that the configuration names. */
        public Builder engine(Engine value) {
            engine = value;
            return this;
        }

        /**
         * Stops at the first step that ends after this much time of training, if the duration has not ended it before. Time in
         * which models are written, measured and sampled from does not count.
         */
        public Builder budget(Duration value) {
            budget = value;
            return this;
        }

        /**
         * When the JVM is told to go (Ctrl-C, SIGTERM), ends training as {@link Trainer#stop} does before it goes, within
         * {@link Trainer#SHUTDOWN_LIMIT}.
         */
        public Builder stopOnShutdown(boolean value) {
            return stopOnShutdown(value ? SHUTDOWN_LIMIT : null);
        }

        /** The same within another time, after which the JVM goes all the same; null for at once. */
        public Builder stopOnShutdown(Duration limit) {
            shutdownLimit = limit;
            return this;
        }

        /** Where the time comes from, for tests. */
        Builder clock(LongSupplier value) {
            nanos = value;
            return this;
        }

        /** Adds a listener; they hear events in the order in which they were added. */
        public Builder listener(TrainingListener value) {
            listeners.add(value);
            return this;
        }

        /** Adds listeners that are made when nothing is left that could refuse the run; they hear events after the others. */
        public Builder lateListeners(LateListeners value) {
            late = value;
            return this;
        }

        /**
         * The trainer.
         *
         * @throws IllegalArgumentException if there is no engine of the configured name, or the images are not of the model's size, channels or classes, or a
         *     patch size does not fit its levels, or the model does not take the labels of the augmentation
         */
        public Trainer build() {
            requireFit();
            if (engine == null) {
                // An unknown name is refused before anything is written.
                engineOf(config).close();
            }
            BatchSource.patchSizes(config, model, data.description().pixels());
            return new Trainer(this);
        }

        public void requireFit() {
            if (data.height() != model.height()
                    || data.width() != model.width()
                    || data.channels() != model.channels()) {
                throw new IllegalArgumentException("the images of " + data.name() + " are " + data.width() + "x"
                        + data.height() + " with " + Messages.count(data.channels(), "channel")
                        + ", but the model is for "
                        + model.width() + "x" + model.height() + " with " + model.channels());
            }
            int labelDim = model.network().labelDim();
            if (labelDim != 0 && labelDim != data.labelDim()) {
                throw new IllegalArgumentException("the data set " + data.name() + " has "
                        + Messages.count(data.labelDim(), "class", "classes") + ", but the model is for " + labelDim);
            }
            int augmentDim = model.network().augmentDim();
            config.augment().pipeline().map(AugmentConfig::labelDim).ifPresent(needed -> {
                if (needed != augmentDim) {
                    // A network that is not told of the changes learns to draw changed images.
                    throw new IllegalArgumentException("augmentation gives " + needed + " labels, but the model takes "
                            + augmentDim + "; train a model of augmentDim " + needed + ", or without augmentation");
                }
            });
        }
    }
}

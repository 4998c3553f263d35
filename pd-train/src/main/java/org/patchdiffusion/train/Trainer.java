package org.patchdiffusion.train;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.Prefetcher;
import org.patchdiffusion.data.augment.AugmentConfig;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Engines;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains a diffusion model patch by patch (Wang et al. 2023, arXiv 2304.12526, Algorithm 1).
 *
 * <p>A step draws one patch size, crops that patch from every image of a batch with its coordinates, adds noise of a
 * random level to each, and moves the weights down the gradient of the weighted denoising error. Everything random is
 * a function of the seed and the step, so a run that goes on from a checkpoint ends with the same bits as one that was never interrupted.
 */
public final class Trainer {
    private static final Logger LOG = LoggerFactory.getLogger(Trainer.class);

    /** A bound of the memory for batches, however many cores there are. */
    private static final int MOST_BATCHES_AHEAD = 8;

    private final TrainingConfig config;
    private final DiffusionModel model;
    private final ImageDataset data;
    /** Null if the run is to make one of its own. */
    private final Engine givenEngine;

    private final TrainingState state;
    private final Duration budget;
    private final boolean stopOnShutdown;
    private final List<TrainingListener> listeners;
    private volatile boolean stopRequested;
    private boolean interrupted;
    private long nonFiniteInARow;
    private boolean warned;

    private Trainer(Builder builder) {
        this.config = builder.config;
        this.data = builder.data;
        this.givenEngine = builder.engine;
        this.state = builder.state;
        this.model = DiffusionModel.of(builder.model, state.parameters());
        this.budget = builder.budget;
        this.stopOnShutdown = builder.stopOnShutdown;
        this.listeners = List.copyOf(builder.listeners);
    }

    /**
     * Starts a fresh run.
     *
     * @param model the model to train: newly made, or read from a file to start from its weights; trained in place
     * @param data the images; they must be of the model's size
     */
    public static Builder fresh(TrainingConfig config, DiffusionModel model, ImageDataset data) {
        return new Builder(config, model.config(), data, TrainingState.start(model.parameters()));
    }

    /**
     * Goes on with a run.
     *
     * @param config settings; the checkpoint's own for the same result as without the interruption
     * @param checkpoint where to go on; its state is changed in place
     * @param data the images that the checkpoint was trained on
     * @throws IllegalArgumentException if the images are others
     */
    public static Builder resume(TrainingConfig config, Checkpoint checkpoint, ImageDataset data) {
        if (!checkpoint.dataFingerprint().equals(data.fingerprint())) {
            throw new IllegalArgumentException("the data set " + data.name() + " is not the one that the checkpoint was"
                    + " trained on, or another part of it; to train its weights on other images, transfer them from a model"
                    + " file");
        }
        return new Builder(config, checkpoint.model(), data, checkpoint.state());
    }

    private static Engine engineOf(TrainingConfig config) {
        return config.execution().engine().equals(TrainingConfig.BEST_ENGINE)
                ? Engines.best()
                : Engines.byName(config.execution().engine());
    }

    /** What training changes. */
    public TrainingState state() {
        return state;
    }

    /** Asks training to end after the current step, with a snapshot and a checkpoint. May be called from any thread. */
    public void stop() {
        stopRequested = true;
    }

    /**
     * Trains until the duration, the budget or a request to stop (see {@link #stop}; an interrupt of the thread is one
     * too) ends it.
     *
     * @return why it ended
     * @throws IOException if a listener cannot write
     * @throws IllegalStateException if the loss is not finite for too many steps in a row
     */
    public StopReason run() throws IOException {
        Optional<ShutdownHook> hook = stopOnShutdown ? Optional.of(new ShutdownHook(this::stop)) : Optional.empty();
        try {
            if (givenEngine != null) {
                return train(givenEngine);
            }
            try (Engine engine = engineOf(config)) {
                return train(engine);
            }
        } catch (IOException | RuntimeException e) {
            for (TrainingListener listener : listeners) {
                listener.failed(e);
            }
            throw e;
        } finally {
            hook.ifPresent(ShutdownHook::release);
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Runs and closes what it opened, in an order in which nothing outlives the memory that it uses: first the batches in
     * preparation are waited for and freed, then the programs, the optimizer's threads and the gradients; the engine
     * follows when this method has returned, if the run made it. The state stays the caller's, and only then is the JVM
     * free to go on ending, if it was told to: native code that still runs while the JVM unloads its libraries would
     * abort the process.
     */
    private StopReason train(Engine engine) throws IOException {
        long start = System.nanoTime();
        BatchSource source = BatchSource.of(config, model.config(), data, state.steps());
        int ahead = Math.min(data.threads(), MOST_BATCHES_AHEAD);
        try (TrainStep step = new TrainStep(config, model, state, engine);
                Prefetcher<TrainBatch> batches = new Prefetcher<>(ahead, ahead, source::plan, TrainBatch::close)) {
            TickMeter meter = new TickMeter(state.images());
            tell(listener -> listener.started(describe(engine)));
            Optional<StopReason> reason = reasonToStop(start);
            while (reason.isEmpty()) {
                long before = state.images();
                StepResult result;
                try (TrainBatch batch = batches.take()) {
                    result = step.apply(batch);
                }
                watch(result);
                meter.add(result);
                tell(listener -> listener.stepDone(result));
                reason = reasonToStop(start);
                if (isDue(config.intervals().tickKimg(), before) || reason.isPresent()) {
                    evaluate();
                    TrainingTick tick = meter.next();
                    tell(listener -> listener.tick(tick));
                }
                if (isDue(config.intervals().snapshotKimg(), before) && reason.isEmpty()) {
                    snapshot();
                }
                if (isDue(config.intervals().checkpointKimg(), before) && reason.isEmpty()) {
                    checkpoint();
                }
            }
            snapshot();
            checkpoint();
            StopReason why = reason.get();
            tell(listener -> listener.finished(why));
            return why;
        }
    }

    private Optional<StopReason> reasonToStop(long start) {
        if (state.images() >= config.durationKimg() * 1000) {
            return Optional.of(StopReason.DURATION);
        }
        // The flag of an interrupt is cleared until the end, because it would close the files that are written next.
        interrupted |= Thread.interrupted();
        if (stopRequested || interrupted) {
            return Optional.of(StopReason.REQUEST);
        }
        if (budget != null && System.nanoTime() - start >= budget.toNanos()) {
            return Optional.of(StopReason.BUDGET);
        }
        return Optional.empty();
    }

    /** Whether the step from that count of images crossed a multiple of an interval; an interval of 0 is never due. */
    private boolean isDue(double intervalKimg, long before) {
        double interval = intervalKimg * 1000;
        return interval > 0 && Math.floor(state.images() / interval) > Math.floor(before / interval);
    }

    private void watch(StepResult result) throws IOException {
        if (Double.isFinite(result.loss())) {
            nonFiniteInARow = 0;
            return;
        }
        nonFiniteInARow++;
        String where = "the loss of step " + result.step() + " (patches of " + result.patch() + ") is " + result.loss();
        if (nonFiniteInARow >= config.optimizer().nonFiniteLimit()) {
            throw new IllegalStateException(where + ", and no loss was finite for " + nonFiniteInARow
                    + " steps in a row; lower the learning rate, or resume from an earlier checkpoint");
        }
        if (!warned) {
            warned = true;
            LOG.warn("{}; its gradient counts with 0 or ±1e5 where it is not finite, and training goes on", where);
            tell(listener -> listener.warning(where));
        }
    }

    private DiffusionModel averaged() {
        return DiffusionModel.of(model.config(), state.ema());
    }

    private void evaluate() throws IOException {
        DiffusionModel averaged = averaged();
        tell(listener -> listener.evaluate(averaged, state));
    }

    private void snapshot() throws IOException {
        DiffusionModel averaged = averaged();
        tell(listener -> listener.snapshot(state.images(), averaged));
    }

    private void checkpoint() throws IOException {
        Checkpoint checkpoint = new Checkpoint(config, model.config(), data.fingerprint(), state);
        tell(listener -> listener.checkpoint(checkpoint));
    }

    private TrainingRun describe(Engine engine) {
        return new TrainingRun(
                config,
                model.config(),
                state.parameters().layout().length(),
                config.patches().distribution(data.description().pixels()),
                data.name(),
                data.size(),
                data.fingerprint(),
                engine.name(),
                state.images());
    }

    @FunctionalInterface
    private interface Event {
        void reach(TrainingListener listener) throws IOException;
    }

    private void tell(Event event) throws IOException {
        for (TrainingListener listener : listeners) {
            event.reach(listener);
        }
    }

    /** Collects what a run needs. */
    public static final class Builder {
        private final TrainingConfig config;
        private final ModelConfig model;
        private final ImageDataset data;
        private final TrainingState state;
        private final List<TrainingListener> listeners = new ArrayList<>();
        private Engine engine;
        private Duration budget;
        private boolean stopOnShutdown;

        private Builder(TrainingConfig config, ModelConfig model, ImageDataset data, TrainingState state) {
            this.config = config;
            this.model = model;
            this.data = data;
            this.state = state;
        }

        /** Executes the loss graphs with this engine, rather than the one that the configuration names. */
        public Builder engine(Engine value) {
            engine = value;
            return this;
        }

        /** Stops at the first step that ends after this much wall-clock time, if the duration has not ended it before. */
        public Builder budget(Duration value) {
            budget = value;
            return this;
        }

        /** When the JVM is told to go (Ctrl-C), ends training as {@link Trainer#stop} does before it goes. */
        public Builder stopOnShutdown(boolean value) {
            stopOnShutdown = value;
            return this;
        }

        /** Adds a listener; they hear events in the order in which they were added. */
        public Builder listener(TrainingListener value) {
            listeners.add(value);
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

        void requireFit() {
            if (data.height() != model.height()
                    || data.width() != model.width()
                    || data.channels() != model.channels()) {
                throw new IllegalArgumentException("the images of " + data.name() + " are " + data.width() + "x"
                        + data.height() + " with " + data.channels() + " channels, but the model is for "
                        + model.width() + "x" + model.height() + " with " + model.channels());
            }
            int labelDim = model.network().labelDim();
            if (labelDim != 0 && labelDim != data.labelDim()) {
                throw new IllegalArgumentException("the data set " + data.name() + " has " + data.labelDim()
                        + " classes, but the model is for " + labelDim);
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

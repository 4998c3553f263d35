package org.patchdiffusion.train;

import java.io.IOException;
import java.util.Optional;
import org.patchdiffusion.data.Prefetcher;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.train.checkpoint.Checkpoint;
import org.patchdiffusion.train.checkpoint.TrainingState;
import org.patchdiffusion.train.config.IntervalSettings;
import org.patchdiffusion.train.step.BatchLoss;
import org.patchdiffusion.train.step.StepResult;
import org.patchdiffusion.train.step.TrainBatch;
import org.patchdiffusion.train.step.TrainStep;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes steps until the end of a run and tells the listeners. */
final class TrainingLoop {
    private static final Logger LOG = LoggerFactory.getLogger(Trainer.class);
    private static final double SECONDS_PER_MINUTE = 60;

    private final TrainingRun run;
    private final TrainingState state;
    private final RunLimits limits;
    private final Listeners listeners;
    private final PhaseClock clock;
    private final TickMeter meter;
    private final LossWatch losses;
    private boolean started;
    private boolean checkpointIsDue;
    private long savedStep;
    /** When the last checkpoint was kept, or the run began. */
    private double savedSeconds;

    private long drawnStep = -1;

    /**
     * A loop over a state.
     *
     * @param run what is trained; all settings are taken from it
     */
    TrainingLoop(TrainingRun run, TrainingState state, RunLimits limits, Listeners listeners, PhaseClock clock) {
        this.run = run;
        this.state = state;
        this.limits = limits;
        this.listeners = listeners;
        this.clock = clock;
        this.meter = new TickMeter(clock, run.start());
        this.losses = new LossWatch(run.training().optimizer().nonFiniteLimit(), state.progress());
        this.savedStep = -1;
    }

    /**
     * Trains, and keeps and shows what was learned.
     *
     * @param remark what the reader of the log should know before
     */
    StopReason train(TrainStep step, Prefetcher<TrainBatch> batches, Optional<String> remark) throws IOException {
        listeners.open();
        tell(Phase.REPORT, listener -> listener.started(run));
        tell(Phase.REPORT, listener -> listener.ready(state));
        started = true;
        if (remark.isPresent()) {
            warn(remark.get());
        }
        Optional<StopReason> reason = limits.reached(state);
        while (reason.isEmpty()) {
            long before = state.images();
            after(take(step, batches));
            if (limits.reached(state).isEmpty()) {
                keepAndShow(before);
            }
            reason = limits.reached(state);
        }
        finish(reason.get());
        return reason.get();
    }

    private StepResult take(TrainStep step, Prefetcher<TrainBatch> batches) {
        clock.enter(Phase.DATA);
        try (TrainBatch batch = batches.take()) {
            clock.enter(Phase.STEP);
            BatchLoss loss = step.gradient(batch);
            clock.enter(Phase.OPTIMIZER);
            return step.update(batch, loss);
        } finally {
            clock.enter(Phase.REPORT);
        }
    }

    private void after(StepResult result) throws IOException {
        meter.add(result);
        Optional<String> remark = losses.add(result);
        if (remark.isPresent()) {
            warn(remark.get());
        }
        tell(Phase.REPORT, listener -> listener.stepDone(result));
    }

    /** A remark that nobody hears goes to the log. */
    private void warn(String remark) throws IOException {
        if (listeners.isEmpty()) {
            LOG.warn(remark);
        }
        tell(Phase.REPORT, listener -> listener.warning(remark));
    }

    /** What is due between two steps: first what must not be lost, pictures last. */
    private void keepAndShow(long before) throws IOException {
        IntervalSettings intervals = run.training().intervals();
        boolean tickIsDue = isDue(intervals.tickKimg(), before);
        checkpointIsDue |= isDue(intervals.checkpointKimg(), before) || isDueByTheClock(intervals.checkpointMinutes());
        if (checkpointIsDue && losses.areFinite()) {
            checkpoint(tickIsDue);
        }
        if (tickIsDue) {
            tick();
        }
        if (isDue(intervals.snapshotKimg(), before)) {
            snapshot();
        }
    }

    /** Whether the step from that count of images crossed a multiple of an interval; an interval of 0 is never due. */
    private boolean isDue(double intervalKimg, long before) {
        double interval = intervalKimg * 1000;
        return interval > 0 && Math.floor(state.images() / interval) > Math.floor(before / interval);
    }

    private boolean isDueByTheClock(double minutes) {
        return minutes > 0 && clock.totalSeconds() - savedSeconds >= minutes * SECONDS_PER_MINUTE;
    }

    private void finish(StopReason reason) throws IOException {
        tell(Phase.REPORT, listener -> listener.stopping(reason));
        losses.requireFinite();
        if (state.steps() != savedStep) {
            checkpoint(meter.hasSteps());
        }
        limits.request().answered();
        if (meter.hasSteps()) {
            tick();
        }
        if (state.steps() != drawnStep) {
            snapshot();
        }
        tell(Phase.REPORT, listener -> listener.finished(reason));
    }

    /** Told once between two steps: the tick that follows counts as told, since nobody will tell it after going on from here. */
    private void checkpoint(boolean tickFollows) throws IOException {
        savedStep = state.steps();
        savedSeconds = clock.totalSeconds();
        checkpointIsDue = false;
        state.note(meter.ticks() + (tickFollows ? 1 : 0), meter.elapsedSec());
        Checkpoint checkpoint = new Checkpoint(run.training(), run.model(), run.dataFingerprint(), state);
        tell(Phase.CHECKPOINT, listener -> listener.checkpoint(checkpoint));
        losses.saved(state.progress());
    }

    private void tick() throws IOException {
        DiffusionModel averaged = averaged();
        tell(Phase.VALIDATION, listener -> listener.evaluate(averaged, state));
        TrainingTick tick = meter.next();
        tell(Phase.REPORT, listener -> listener.tick(tick));
    }

    private void snapshot() throws IOException {
        drawnStep = state.steps();
        DiffusionModel averaged = averaged();
        tell(Phase.SAMPLES, listener -> listener.snapshot(state.images(), averaged));
    }

    private DiffusionModel averaged() {
        return DiffusionModel.of(run.model(), state.ema());
    }

    private void tell(Phase phase, Listeners.Event event) throws IOException {
        clock.enter(phase);
        // An interrupt asks training to stop; left in place it would close the files that are written next.
        limits.takeInterrupt();
        try {
            listeners.tell(event);
        } finally {
            clock.enter(Phase.REPORT);
        }
    }

    /** Saves what can be saved after a failure, and tells of it. What fails now is suppressed in the cause. */
    void fail(Exception cause) {
        boolean isWhole = started && losses.areFinite() && !state.isTorn();
        if (isWhole && state.steps() > run.start().steps() && state.steps() != savedStep) {
            suppress(cause, () -> checkpoint(false));
        }
        suppress(cause, () -> tell(Phase.REPORT, listener -> listener.failed(cause)));
    }

    private interface LastWork {
        void run() throws IOException;
    }

    private static void suppress(Exception cause, LastWork work) {
        try {
            work.run();
        } catch (IOException | RuntimeException | Error e) {
            if (e != cause) {
                cause.addSuppressed(e);
            }
        }
    }
}

package org.patchdiffusion.train;

import java.time.Duration;
import java.util.Optional;
import org.patchdiffusion.train.checkpoint.TrainingState;

/** What ends a run: the duration, the budget, or somebody's request, which an interrupt of the training thread is too. */
final class RunLimits {
    private final double durationImages;
    /** Null for none. */
    private final Duration budget;

    private final StopRequest request;
    private final PhaseClock clock;
    private boolean interrupted;

    RunLimits(double durationKimg, Duration budget, StopRequest request, PhaseClock clock) {
        this.durationImages = durationKimg * 1000;
        this.budget = budget;
        this.request = request;
        this.clock = clock;
    }

    /** Why to end now; empty if there is no reason. */
    Optional<StopReason> reached(TrainingState state) {
        takeInterrupt();
        if (state.images() >= durationImages) {
            return Optional.of(StopReason.DURATION);
        }
        if (request.isMade()) {
            return Optional.of(StopReason.REQUEST);
        }
        if (budget != null && clock.trainingNanos() >= budget.toNanos()) {
            return Optional.of(StopReason.BUDGET);
        }
        return Optional.empty();
    }

    /** Makes a request of an interrupt, and clears it until the end of the run. */
    void takeInterrupt() {
        if (Thread.interrupted()) {
            interrupted = true;
            request.make();
        }
    }

    boolean wasInterrupted() {
        return interrupted;
    }

    StopRequest request() {
        return request;
    }
}

package org.patchdiffusion.train;

import java.util.Optional;
import org.patchdiffusion.files.Messages;
import org.patchdiffusion.train.checkpoint.TrainingProgress;
import org.patchdiffusion.train.step.StepResult;

/** Watches for losses that are not finite: one is remarked on, a streak ends the training. */
final class LossWatch {
    private final int limit;
    private TrainingProgress saved;
    private long inARow;
    private boolean remarked;
    private String last = "";

    /**
     * Starts where training is.
     *
     * @param limit how many in a row are too many
     */
    LossWatch(int limit, TrainingProgress start) {
        this.limit = limit;
        this.saved = start;
    }

    /**
     * Looks at a step.
     *
     * @return what to tell the reader of the log, the first time that something is not finite
     * @throws IllegalStateException if it is one too many
     */
    Optional<String> add(StepResult result) {
        boolean finite = Double.isFinite(result.loss());
        inARow = finite ? 0 : inARow + 1;
        if (finite && result.nonFiniteGradients() == 0) {
            return Optional.empty();
        }
        String patches = " of step " + result.step() + " (patches of " + result.patch() + ")";
        last = finite
                ? "the gradient" + patches + " has " + result.nonFiniteGradients() + " elements that are not finite"
                : "the loss" + patches + " is " + result.loss();
        if (inARow >= limit) {
            throw failure();
        }
        if (remarked) {
            return Optional.empty();
        }
        remarked = true;
        return Optional.of(last + "; its gradient counts with 0 or ±1e5 where it is not finite, and training goes on");
    }

    /** Whether the last loss was finite: only then are weights worth keeping. */
    boolean areFinite() {
        return inARow == 0;
    }

    /** Notes a checkpoint. */
    void saved(TrainingProgress progress) {
        saved = progress;
    }

    /** @throws IllegalStateException if the last loss was not finite */
    void requireFinite() {
        if (!areFinite()) {
            throw failure();
        }
    }

    private IllegalStateException failure() {
        String streak = inARow == 1 ? "" : ", and no loss was finite for " + inARow + " steps in a row";
        String advice = saved.steps() == 0
                ? "lower the learning rate and start again; there is no checkpoint from before"
                : "lower the learning rate, or resume from the checkpoint of " + Messages.count(saved.images(), "image")
                        + " (step " + saved.steps() + "), the last one before";
        return new IllegalStateException(last + streak + "; " + advice);
    }
}

package org.patchdiffusion.train;

/** What a run spends its time on. At any moment it is one of these. */
public enum Phase {
    /** Loss and gradient. */
    STEP,
    /** Waiting for batches. */
    DATA,
    /** Adam and the moving average. */
    OPTIMIZER,
    /** Handing over a checkpoint. */
    CHECKPOINT,
    /** Writing models and drawing samples. */
    SAMPLES,
    /** Statistics, reports and progress. */
    REPORT,
    /** Measuring the averaged model. */
    VALIDATION;

    /** Whether it is part of taking steps: only such time counts for the budget and in images per second. */
    public boolean isTraining() {
        return this == STEP || this == DATA || this == OPTIMIZER;
    }
}

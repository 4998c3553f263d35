package org.patchdiffusion.train.step;

import org.patchdiffusion.model.engine.Gradients;

/**
 * Computes loss and gradient of batches at the current weights: the half of a step that can be cut into parts, or spread
 * over machines. The other half is the optimizer, see {@link AdamEma}. Used by one thread at a time.
 */
public interface GradientSource extends AutoCloseable {

    /** Buffers for {@link #compute}. */
    Gradients newGradients();

    /** Buffers for {@link #accumulate}, and for the other; zero at first. */
    Gradients newAccumulator();

    /**
     * Overwrites a gradient.
     *
     * @param batch the whole batch of a step, or some images of it; stays the caller's to close
     * @param step number of the step, which dropout masks follow from
     * @param gradients becomes d loss / d parameters
     * @return the loss of the batch; that of some images of a batch counts as their share of it
     */
    BatchLoss compute(TrainBatch batch, long step, Gradients gradients);

    /**
     * Adds to a gradient; otherwise as {@link #compute}.
     *
     * @return the loss of this batch alone
     */
    BatchLoss accumulate(TrainBatch batch, long step, Gradients gradients);

    /** Frees what it holds off the heap. */
    @Override
    void close();
}

package org.patchdiffusion.train;

import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.train.checkpoint.TrainingProgress;
import org.patchdiffusion.train.checkpoint.TrainingState;

/**
 * What a run made. Closing it frees everything but the averaged {@link #model}, which may be used for as long as one likes.
 * No thread of the run is left when there is a result.
 */
public final class TrainingResult implements AutoCloseable {
    private final ModelConfig config;
    private final TrainingState state;
    private final StopReason reason;
    private boolean closed;

    TrainingResult(ModelConfig config, TrainingState state, StopReason reason) {
        this.config = config;
        this.state = state;
        this.reason = reason;
    }

    /** The model with the averaged weights: the one to sample from. After a fresh start these are the weights of the given model. */
    public DiffusionModel model() {
        return DiffusionModel.of(config, state.ema());
    }

    /**
     * The model with the weights of the last step, which are noisier than their average.
     *
     * @throws IllegalStateException if the result is closed
     */
    public DiffusionModel rawModel() {
        return DiffusionModel.of(config, state().parameters());
    }

    /**
     * All that training changed, to go on from.
     *
     * @throws IllegalStateException if the result is closed
     */
    public TrainingState state() {
        if (closed) {
            throw new IllegalStateException("the result of the training is closed; only its model is left");
        }
        return state;
    }

    /** How far training came, over all runs. */
    public TrainingProgress progress() {
        return state.progress();
    }

    /** Why it ended. */
    public StopReason reason() {
        return reason;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            state.close();
        }
    }
}

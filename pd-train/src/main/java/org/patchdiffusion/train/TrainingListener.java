package org.patchdiffusion.train;

import java.io.IOException;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.train.checkpoint.Checkpoint;
import org.patchdiffusion.train.checkpoint.TrainingState;
import org.patchdiffusion.train.step.StepResult;

/**
 * Hears what happens in training, on the training thread and between steps. Whatever a method is given is valid during the call only and
 * must not be changed.
 *
 * <p>When several events are due after a step, they come in the order of the methods here: what was learned is safe before it
 * is measured and drawn. An exception ends the training as a failure, but all other listeners hear the event first, and a
 * checkpoint is written if it can be. A failure of a listener never hides the one that ended the training.
 */
public interface TrainingListener {

    /** Before the first step. */
    default void started(TrainingRun run) throws IOException {}

    /**
     * Before the first step, after {@link #started}.
     *
     * @param state what the steps will change, for who looks at the weights between steps; it stays valid until the run ends
     */
    default void ready(TrainingState state) throws IOException {}

    /** After each step. */
    default void stepDone(StepResult step) throws IOException {}

    /** After the last step, when all that is left is to keep and show what was learned. */
    default void stopping(StopReason reason) throws IOException {}

    /** When a checkpoint is due, and at the end, whatever ends the training. Not while losses are not finite. */
    default void checkpoint(Checkpoint checkpoint) throws IOException {}

    /**
     * At each tick, before its statistics: the place to measure the model, such as its loss on held-out images.
     *
     * @param averaged the model with the averaged weights; it shares their memory with the state, and is another object each time
     * @param state everything that training changes
     */
    default void evaluate(DiffusionModel averaged, TrainingState state) throws IOException {}

    /** At each tick, and at the end if there were steps since the last one. */
    default void tick(TrainingTick tick) throws IOException {}

    /**
     * When a model is to be kept, and at the end: the place to draw samples. Ask {@link TrainingRun#stopping} while you draw.
     *
     * @param images image counter
     * @param model the model with the averaged weights
     */
    default void snapshot(long images, DiffusionModel model) throws IOException {}

    /** A remark for the reader of the log, such as a loss that is not finite. */
    default void warning(String message) throws IOException {}

    /** After everything else, when training ended as it was asked to. */
    default void finished(StopReason reason) throws IOException {}

    /** After everything else, when training ends with an exception, which is thrown on after this. */
    default void failed(Exception cause) throws IOException {}
}

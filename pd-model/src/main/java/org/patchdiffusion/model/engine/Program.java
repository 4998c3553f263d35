package org.patchdiffusion.model.engine;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A graph prepared for many runs. Not thread-safe: one run at a time.
 *
 * <p>Inputs are arrays of exactly the placeholders' types and shapes, in any memory order, by placeholder name; dropout
 * masks need not be among them. Returned arrays belong to the program and hold until its next run.
 */
public interface Program extends AutoCloseable {

    /**
     * Runs forward.
     *
     * @return the graph's outputs by name
     * @throws IllegalArgumentException if an input is missing, is closed or has another shape
     * @throws IllegalStateException if the program, its engine or the parameters are closed
     */
    Map<String, INDArray> forward(Map<String, INDArray> inputs);

    /**
     * Runs forward and backward: overwrites {@code gradients} with d loss / d parameters.
     *
     * @return the graph's outputs by name
     * @throws IllegalArgumentException if an input is missing, is closed or has another shape, or the gradient is closed or has
     *     another layout
     * @throws IllegalStateException if the graph names no loss, or the program, its engine or the parameters are closed
     */
    Map<String, INDArray> backward(Map<String, INDArray> inputs, Gradients gradients);

    /**
     * Runs forward and backward, and adds d loss / d parameters to what {@code gradients} holds: a batch in several parts, one
     * after another. What is added to which part of the gradient is the program's choice; their sum is what counts.
     *
     * @param gradients made with {@link Engine#newAccumulator}
     * @return the graph's outputs by name, of this run alone
     * @throws IllegalArgumentException if an input is missing or has another shape, or the gradient has too few parts
     * @throws IllegalStateException if the graph names no loss, or the program or its engine is closed
     */
    Map<String, INDArray> accumulate(Map<String, INDArray> inputs, Gradients gradients);

    /**
     * Sets what the dropout masks of the following runs are drawn from; until the next call they stay the same. Masks are
     * functions of seed, step, dropout, image and place (see {@link DropoutMask}): all engines draw the same. A mask
     * that is given among the inputs of a run is used instead. Nothing happens in a graph without {@link Graph#dropouts}.
     *
     * @param seed any number; the seed of the run
     * @param step training step, or another counter
     * @param firstImage what the program's first image is in the batch of the step; 0 unless the batch runs in parts
     */
    void draw(long seed, long step, int firstImage);

    /** Draws for a program that runs the batch of a step whole: see {@link #draw(long, long, int)}. */
    default void draw(long seed, long step) {
        draw(seed, step, 0);
    }

    /**
     * Off-heap bytes of activations, packed weights and scratch memory that the program holds; 0 for the {@code samediff}
     * engine, whose arrays come and go while it runs.
     */
    long bytes();

    /** Frees what the program holds off the heap. */
    @Override
    void close();
}

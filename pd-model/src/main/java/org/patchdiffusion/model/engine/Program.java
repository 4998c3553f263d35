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
     * Sets what the dropout masks of the following runs are drawn from; until the next call they stay the same. Masks are
     * functions of seed, step, dropout, image and place (see {@link DropoutMask}): all engines draw the same. A mask
     * that is given among the inputs of a run is used instead. Nothing happens in a graph without {@link Graph#dropouts}.
     *
     * @param seed any number; the seed of the run
     * @param step training step, or another counter
     */
    void draw(long seed, long step);

    /** Frees what the program holds off the heap. */
    @Override
    void close();
}

package org.patchdiffusion.model.engine;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A graph prepared for many runs. Not thread-safe: one run at a time.
 *
 * <p>Inputs are arrays of exactly the placeholders' types and shapes, in any memory order, by placeholder name. Returned
 * arrays belong to the program and hold until its next run.
 */
public interface Program extends AutoCloseable {

    /**
     * Runs forward.
     *
     * @return the graph's outputs by name
     * @throws IllegalArgumentException if an input is missing or has another shape
     * @throws IllegalStateException if the program or its engine is closed
     */
    Map<String, INDArray> forward(Map<String, INDArray> inputs);

    /**
     * Runs forward and backward: overwrites {@code gradients} with d loss / d parameters.
     *
     * @return the graph's outputs by name
     * @throws IllegalArgumentException if an input is missing or has another shape
     * @throws IllegalStateException if the graph names no loss, or the program or its engine is closed
     */
    Map<String, INDArray> backward(Map<String, INDArray> inputs, Gradients gradients);

    /** Frees what the program holds off the heap. */
    @Override
    void close();
}

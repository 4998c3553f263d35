package org.patchdiffusion.model.engine;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A graph prepared for many runs. Not thread-safe: one run at a time.
 *
 * <p>Inputs are row-major float32 arrays of exactly the placeholders' shapes, by placeholder name. Returned arrays
 * belong to the program and hold until its next run.
 */
public interface Program extends AutoCloseable {

    /**
     * Runs forward.
     *
     * @return the graph's outputs by name
     * @throws IllegalArgumentException if an input is missing or has another shape
     */
    Map<String, INDArray> forward(Map<String, INDArray> inputs);

    /**
     * Runs forward and backward: overwrites {@code gradients} with d loss / d parameters.
     *
     * @return the graph's outputs by name
     * @throws IllegalArgumentException if an input is missing or has another shape
     * @throws IllegalStateException if the graph names no loss
     */
    Map<String, INDArray> backward(Map<String, INDArray> inputs, Gradients gradients);

    /** Frees what the program holds off the heap. */
    @Override
    void close();
}

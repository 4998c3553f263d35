package org.patchdiffusion.model.engine;

import java.util.List;
import org.patchdiffusion.model.ParameterLayout;

/**
 * A way to execute graphs. All implementations give the same numbers within the accuracy that they state.
 *
 * <p>An engine may own threads: close it after its programs. A forgotten engine does not keep the JVM alive.
 */
public interface Engine extends AutoCloseable {

    /** Short name for logs and reports, such as {@code samediff}, {@code generic}, {@code exact}, {@code fast} or {@code bf16}. */
    String name();

    /**
     * Prepares a graph for many runs.
     *
     * @throws IllegalArgumentException if the graph is not static in shape or lacks an output
     * @throws IllegalStateException if the engine is closed
     * @throws MemoryShortageException if there is not the memory that the program needs
     */
    Program compile(Graph graph);

    /**
     * Prepares graphs that run in turn, such as one for each patch size: two runs at a time wait for each other. Engines that
     * can let the programs share memory, which then is what the largest of them takes.
     *
     * @throws IllegalArgumentException if a graph is not static in shape or lacks an output
     * @throws IllegalStateException if the engine is closed
     * @throws MemoryShortageException if there is not the memory that the programs need
     */
    ProgramSet compile(List<Graph> graphs);

    /** Buffers for the gradient of the programs of this engine; one set serves all programs over a layout. */
    Gradients newGradients(ParameterLayout layout);

    /** The same with room for a sum over several runs: see {@link Program#accumulate}. Zero at first. */
    Gradients newAccumulator(ParameterLayout layout);

    /** On how many threads it computes, at least 1. */
    int threads();

    /**
     * Ends the engine's threads, after what they run at this moment. Then no graph can be compiled, and the programs of the
     * engine run no more: an {@code IllegalStateException} says so. They still have to be closed by those who hold them.
     */
    @Override
    void close();
}

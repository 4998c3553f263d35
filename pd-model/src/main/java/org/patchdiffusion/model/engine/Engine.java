package org.patchdiffusion.model.engine;

import org.patchdiffusion.model.ParameterLayout;

/** A way to execute graphs. All implementations give the same numbers within the accuracy that they state. */
public interface Engine {

    /** Short name for logs and reports, such as {@code samediff}, {@code generic}, {@code exact} or {@code fast}. */
    String name();

    /**
     * Prepares a graph for many runs.
     *
     * @throws IllegalArgumentException if the graph is not static in shape or lacks an output
     */
    Program compile(Graph graph);

    /** Buffers for the gradient of the programs of this engine; one set serves all programs over a layout. */
    Gradients newGradients(ParameterLayout layout);
}

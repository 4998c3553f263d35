package org.patchdiffusion.model.engine;

import java.util.List;
import org.patchdiffusion.model.ParameterLayout;

/**
 * Executes any static-shape SameDiff graph, and SameDiff's gradient graph of it, by an ahead-of-time plan of ND4J ops,
 * on whatever backend ND4J has. Results are those of SameDiff within 1e-6 relative.
 */
public final class GenericEngine implements Engine {
    private final Lifetime lifetime = new Lifetime();

    @Override
    public String name() {
        return "generic";
    }

    /**
     * {@inheritDoc}
     *
     * <p>If the graph names a loss, this builds its gradient graph inside the given SameDiff instance.
     *
     * @throws IllegalArgumentException also if an op of the graph cannot be planned, naming it
     */
    @Override
    public Program compile(Graph graph) {
        lifetime.requireOpen();
        return new GenericProgram(graph, lifetime);
    }

    @Override
    public ProgramSet compile(List<Graph> graphs) {
        return ProgramSet.each(graphs, this::compile);
    }

    @Override
    public Gradients newGradients(ParameterLayout layout) {
        return Gradients.zeros(layout, 1);
    }

    @Override
    public Gradients newAccumulator(ParameterLayout layout) {
        return newGradients(layout);
    }

    @Override
    public int threads() {
        return NativeThreads.count();
    }

    @Override
    public void close() {
        lifetime.close();
    }
}

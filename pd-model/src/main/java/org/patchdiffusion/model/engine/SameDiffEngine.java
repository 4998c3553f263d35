package org.patchdiffusion.model.engine;

import java.util.List;
import org.patchdiffusion.model.ParameterLayout;

/** Executes graphs by SameDiff itself: slow, and the reference that every other engine is tested against. */
public final class SameDiffEngine implements Engine {
    private final Lifetime lifetime = new Lifetime();

    @Override
    public String name() {
        return "samediff";
    }

    /**
     * {@inheritDoc}
     *
     * <p>If the graph names a loss, this builds its gradient graph inside the given SameDiff instance.
     */
    @Override
    public Program compile(Graph graph) {
        lifetime.requireOpen();
        return new SameDiffProgram(graph, lifetime);
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

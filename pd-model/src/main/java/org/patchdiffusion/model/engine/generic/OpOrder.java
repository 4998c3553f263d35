package org.patchdiffusion.model.engine.generic;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.autodiff.samediff.internal.Variable;

/** Which ops of a graph have to run, and in which order. */
public final class OpOrder {
    private final SameDiff graph;
    private final Set<String> known;
    private final Set<String> done = new HashSet<>();
    private final List<SameDiffOp> order = new ArrayList<>();

    private OpOrder(SameDiff graph, Set<String> known) {
        this.graph = graph;
        this.known = known;
    }

    /**
     * The ops between the known variables and the wanted ones, each after all those whose results it reads.
     *
     * @throws IllegalArgumentException if the graph has no variable of a wanted name
     */
    public static List<SameDiffOp> between(SameDiff graph, Set<String> known, Collection<String> wanted) {
        OpOrder search = new OpOrder(graph, known);
        for (String name : wanted) {
            if (!graph.getVariables().containsKey(name)) {
                throw new IllegalArgumentException("the graph has no variable named " + name);
            }
            search.visit(name);
        }
        return search.order;
    }

    /** Depth-first with a stack of its own: graphs are thousands of ops deep. */
    private void visit(String variable) {
        Deque<String> pending = new ArrayDeque<>();
        push(variable, pending);
        while (!pending.isEmpty()) {
            String name = pending.peek();
            int before = pending.size();
            SameDiffOp op = graph.getOps().get(name);
            if (!done.contains(name)) {
                inputs(op).forEach(input -> push(input, pending));
            }
            if (pending.size() == before) {
                pending.pop();
                if (done.add(name)) {
                    order.add(op);
                }
            }
        }
    }

    private void push(String variable, Deque<String> pending) {
        Variable node = graph.getVariables().get(variable);
        if (!known.contains(variable) && node.getOutputOfOp() != null && !done.contains(node.getOutputOfOp())) {
            pending.push(node.getOutputOfOp());
        }
    }

    static List<String> inputs(SameDiffOp op) {
        return op.getInputsToOp() == null ? List.of() : op.getInputsToOp();
    }
}

package org.patchdiffusion.model.engine.plan;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;

/** Which ops of a graph have to run, and in which order. */
public final class OpOrder {
    private final SameDiff graph;
    private final Set<String> known;

    /** Ops whose inputs have been looked at: until they are done, they wait for these. */
    private final Set<String> entered = new HashSet<>();

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
     * @throws UnplannedGraphException if an op waits for its own result, as in loops
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
            if (entered.add(name)) {
                List<String> inputs = inputs(op);
                // The first input ends up on top of the stack: what leads to it comes first, as in the code that made
                // it.
                for (int i = inputs.size() - 1; i >= 0; i--) {
                    push(inputs.get(i), pending);
                }
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
        String op = known.contains(variable)
                ? null
                : graph.getVariables().get(variable).getOutputOfOp();
        if (op == null || done.contains(op)) {
            return;
        }
        if (entered.contains(op)) {
            throw new UnplannedGraphException("the graph has a loop: op " + op + " waits for its own result; control"
                    + " flow cannot be planned ahead of time, so run this graph on the samediff engine");
        }
        pending.push(op);
    }

    /** Names of the variables that an op reads; empty if it reads none. */
    public static List<String> inputs(SameDiffOp op) {
        return op.getInputsToOp() == null ? List.of() : op.getInputsToOp();
    }
}

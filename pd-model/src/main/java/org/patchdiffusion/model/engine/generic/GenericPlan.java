package org.patchdiffusion.model.engine.generic;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An ahead-of-time execution plan of a static-shape SameDiff graph, or of a part of it, made of ND4J ops only.
 *
 * <p>Planning sorts the ops, computes what does not depend on the fed arrays, and gives every other result a fixed
 * place in one block of memory, reused by liveness. A run is then one loop over prepared calls. The graph itself is
 * neither changed nor run, so several plans of it may be made and run at the same time. Results are those of SameDiff up to rounding. Not thread-safe.
 */
public final class GenericPlan implements AutoCloseable {
    private final List<OpCall> calls;
    private final Values values;
    private final Set<String> readable;
    private boolean closed;

    private GenericPlan(List<OpCall> calls, Values values, Set<String> readable) {
        this.calls = calls;
        this.values = values;
        this.readable = readable;
    }

    /**
     * Plans the ops that lead from the fed arrays to the wanted ones.
     *
     * @param graph a graph without control flow; its constants are read now
     * @param fed arrays by variable name, of the types and shapes that the run will have: placeholders, trainable
     *     variables, or results of ops (which are then not computed). Each run reads their contents anew, in whatever memory order
     *     they are
     * @param wanted names of the variables to compute
     * @throws IllegalArgumentException naming the op that cannot be planned or the variable that is missing; an
     *     {@code UnplannedGraphException} if no static plan can hold the op
     */
    public static GenericPlan of(SameDiff graph, Map<String, INDArray> fed, Collection<String> wanted) {
        Values values = new Values();
        MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces();
        try {
            fed.forEach(values::feed);
            List<OpCall> calls = new PlanBuilder(graph, values).build(wanted);
            return new GenericPlan(calls, values, Set.copyOf(wanted));
        } catch (RuntimeException | Error failure) {
            values.close();
            throw failure;
        } finally {
            outside.close();
        }
    }

    /**
     * Computes the wanted arrays from what the fed arrays hold now.
     *
     * @throws IllegalStateException if the plan is closed
     */
    public void run() {
        requireOpen();
        values.refresh();
        for (OpCall call : calls) {
            call.run();
        }
    }

    /**
     * The array of a wanted variable: always the same one, overwritten by each run.
     *
     * @throws IllegalArgumentException if the variable is not one of those wanted
     * @throws IllegalStateException if the plan is closed
     */
    public INDArray array(String name) {
        requireOpen();
        if (!readable.contains(name)) {
            throw new IllegalArgumentException(
                    name + " is not among the variables that this plan was made for: " + readable);
        }
        return values.array(name);
    }

    /** Number of ops that a run executes. */
    public int calls() {
        return calls.size();
    }

    /** Bytes that the plan holds for results of ops, without constants. */
    public long bytes() {
        return values.bytes();
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the plan is closed");
        }
    }

    /** Frees the arrays of the plan; fed arrays and constants of the graph stay. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            calls.forEach(OpCall::release);
            values.close();
        }
    }
}

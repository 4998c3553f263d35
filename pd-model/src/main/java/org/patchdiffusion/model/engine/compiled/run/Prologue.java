package org.patchdiffusion.model.engine.compiled.run;

import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.GraphSignature;
import org.patchdiffusion.model.engine.generic.GenericPlan;

/**
 * What depends on no parameter, such as preconditioning and the noise embedding: a plan of ND4J operations for the whole
 * batch, run before everything else.
 */
public final class Prologue implements Resources.Freed {
    private final Map<String, INDArray> placeholders = new LinkedHashMap<>();
    private final Map<String, INDArray> copies = new HashMap<>();
    private final Map<String, INDArray> frontier = new LinkedHashMap<>();
    private GenericPlan plan;

    private Prologue() {}

    /**
     * Plans what computes some variables of a graph.
     *
     * @param wanted variables that depend on no parameter
     * @param drawn placeholders that are not fed
     * @throws IllegalArgumentException naming what cannot be planned
     */
    public static Prologue of(Graph graph, Collection<String> wanted, Set<String> drawn) {
        Prologue prologue = new Prologue();
        try {
            prologue.plan(graph, wanted, drawn);
            return prologue;
        } catch (RuntimeException | Error e) {
            prologue.close();
            throw e;
        }
    }

    private void plan(Graph graph, Collection<String> wanted, Set<String> drawn) {
        GraphSignature signature = GraphSignature.of(graph);
        signature.inputShapes().forEach((name, shape) -> {
            if (!drawn.contains(name)) {
                placeholders.put(name, Nd4j.create(signature.inputType(name), shape));
            }
        });
        plan = GenericPlan.of(graph.sameDiff(), placeholders, wanted);
        for (String name : wanted) {
            INDArray array = plan.array(name);
            if (!isRowMajor(array)) {
                copies.put(name, Nd4j.createUninitialized(array.dataType(), array.shape(), 'c'));
            }
            frontier.put(name, copies.getOrDefault(name, array));
        }
    }

    private static boolean isRowMajor(INDArray array) {
        long expected = 1;
        for (int axis = array.rank() - 1; axis >= 0; axis--) {
            if (array.size(axis) != 1 && array.stride(axis) != expected) {
                return false;
            }
            expected *= array.size(axis);
        }
        return true;
    }

    /** The wanted arrays, all row-major; each run overwrites them. */
    public Map<String, INDArray> frontier() {
        return frontier;
    }

    /**
     * The axis by which the batch is split: the first one of the largest placeholder of floating-point numbers; 1 if there
     * is none. Any would do, since an array that does not begin with it is never split.
     */
    public long batch() {
        return placeholders.values().stream()
                .filter(a -> a.rank() > 0 && a.dataType().isFPType())
                .max(java.util.Comparator.comparingLong(INDArray::length))
                .map(a -> a.size(0))
                .orElse(1L);
    }

    /** Off-heap bytes of its arrays. */
    long bytes() {
        return plan.bytes() + bytes(placeholders) + bytes(copies);
    }

    private static long bytes(Map<String, INDArray> arrays) {
        return arrays.values().stream()
                .mapToLong(a -> a.length() * a.dataType().width())
                .sum();
    }

    /** Takes the inputs of a run over and computes the frontier. */
    void run(Map<String, INDArray> inputs) {
        placeholders.forEach((name, array) -> array.assign(inputs.get(name)));
        plan.run();
        copies.forEach((name, copy) -> copy.assign(plan.array(name)));
    }

    @Override
    public void close() {
        if (plan != null) {
            plan.close();
        }
        placeholders.values().forEach(INDArray::close);
        copies.values().forEach(INDArray::close);
    }
}

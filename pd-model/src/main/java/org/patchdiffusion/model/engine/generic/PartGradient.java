package org.patchdiffusion.model.engine.generic;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.engine.plan.OpOrder;

/**
 * The vector-Jacobian product of a part of a graph: SameDiff's gradient of the scalar sum over all outputs of
 * ⟨output, its gradient⟩, which is linear in the given gradients. Multiplying by one and adding zero round nothing.
 *
 * @param plan computes the gradients; empty if all are zero
 * @param variables names, in the plan, of the gradient of each input that influences an output
 */
record PartGradient(Optional<GenericPlan> plan, Map<String, String> variables) {
    private static final String LOSS = "part-loss";

    /** SameDiff keeps d loss / d loss in a variable of this name. */
    private static final String ONE = "one-var";

    /**
     * Builds and plans the gradient.
     *
     * @param outputGradients what to multiply with, by output, for all outputs of floating-point numbers
     * @throws IllegalArgumentException naming the op that cannot be differentiated
     */
    static PartGradient of(
            SameDiff graph, Map<String, INDArray> inputs, Map<String, INDArray> outputGradients, Set<String> wanted) {
        List<SameDiffOp> ops = OpOrder.between(graph, inputs.keySet(), outputGradients.keySet());
        Set<String> influenced = FloatPaths.from(graph, ops, wanted);
        Map<String, INDArray> vectors = new LinkedHashMap<>(outputGradients);
        vectors.keySet().retainAll(influenced);
        if (vectors.isEmpty()) {
            return new PartGradient(Optional.empty(), Map.of());
        }
        for (SameDiffOp op : ops) {
            if (OpKinds.isRandom(op.getOp())) {
                throw new IllegalArgumentException("cannot differentiate "
                        + Instruction.of(op).describe()
                        + ": it draws random numbers, and backward would draw others than forward");
            }
        }
        Map<String, long[]> shapes = new LinkedHashMap<>();
        inputs.forEach((name, array) -> shapes.put(name, array.shape()));
        SameDiff part = SubGraph.copy(graph, shapes, ops);
        Map<String, INDArray> fed = new HashMap<>(inputs);
        fed.keySet().removeIf(name -> !part.hasVariable(name));
        addLoss(part, vectors, fed);
        SameDiff gradient = createGradient(part, graph, ops, influenced, wanted);
        fed.put(ONE, gradient.getVariable(ONE).getArr());
        Map<String, String> variables = new TreeMap<>();
        for (String name : wanted) {
            if (part.hasVariable(name)) {
                Optional.ofNullable(part.getVariable(name).getGradient())
                        .ifPresent(found -> variables.put(name, found.name()));
            }
        }
        GenericPlan plan = GenericPlan.of(gradient, fed, new LinkedHashSet<>(variables.values()));
        return new PartGradient(Optional.of(plan), variables);
    }

    Optional<String> variable(String input) {
        return Optional.ofNullable(variables.get(input));
    }

    private static void addLoss(SameDiff part, Map<String, INDArray> vectors, Map<String, INDArray> fed) {
        SDVariable loss = null;
        for (Map.Entry<String, INDArray> entry : vectors.entrySet()) {
            INDArray vector = entry.getValue();
            String name = unused(part, "part-gradient-of-" + entry.getKey());
            fed.put(name, vector);
            SDVariable product = part.getVariable(entry.getKey())
                    .mul(part.placeHolder(name, vector.dataType(), vector.shape()))
                    .sum();
            SDVariable term = vector.dataType() == DataType.FLOAT ? product : product.castTo(DataType.FLOAT);
            loss = loss == null ? term : loss.add(term);
        }
        loss.rename(unused(part, LOSS));
        part.setLossVariables(loss.name());
    }

    private static String unused(SameDiff part, String wish) {
        String name = wish;
        while (part.hasVariable(name)) {
            name += "'";
        }
        return name;
    }

    private static SameDiff createGradient(
            SameDiff part, SameDiff graph, List<SameDiffOp> ops, Set<String> influenced, Set<String> wanted) {
        try {
            part.createGradFunction(wanted.stream().filter(part::hasVariable).toArray(String[]::new));
            return part.getFunction("grad");
        } catch (RuntimeException cause) {
            throw new IllegalArgumentException(
                    "cannot differentiate " + culprit(graph, ops, influenced) + ": " + cause.getMessage(), cause);
        }
    }

    /** SameDiff's exceptions seldom name the op, so each is tried by itself. */
    private static String culprit(SameDiff graph, List<SameDiffOp> ops, Set<String> influenced) {
        for (SameDiffOp op : ops) {
            Map<String, long[]> inputs = new LinkedHashMap<>();
            for (String name : OpOrder.inputs(op)) {
                if (graph.getVariable(name).getVariableType() != VariableType.CONSTANT) {
                    inputs.put(name, graph.getVariable(name).getShape());
                }
            }
            List<String> wanted =
                    inputs.keySet().stream().filter(influenced::contains).toList();
            if (wanted.isEmpty()) {
                continue;
            }
            try {
                SameDiff alone = SubGraph.copy(graph, inputs, List.of(op));
                alone.setLossVariables(op.getOutputsOfOp().stream()
                        .filter(influenced::contains)
                        .toArray(String[]::new));
                alone.createGradFunction(wanted.toArray(String[]::new));
            } catch (RuntimeException found) {
                return Instruction.of(op).describe();
            }
        }
        return "a part of " + ops.size() + " ops";
    }
}

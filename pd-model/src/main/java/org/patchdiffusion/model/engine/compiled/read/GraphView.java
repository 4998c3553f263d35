package org.patchdiffusion.model.engine.compiled.read;

import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.autodiff.samediff.internal.Variable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.BaseReduceOp;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.ScalarOp;
import org.patchdiffusion.model.engine.plan.OpOrder;

/** Questions that the importer asks of a SameDiff graph. */
final class GraphView {
    private final SameDiff graph;
    private final List<SameDiffOp> order;
    private final Set<String> trained = new HashSet<>();

    GraphView(SameDiff graph, List<String> outputs) {
        this.graph = graph;
        this.order = OpOrder.between(graph, Set.of(), outputs);
        graph.getVariables().values().stream()
                .map(Variable::getName)
                .filter(this::isParameter)
                .forEach(trained::add);
        for (SameDiffOp op : order) {
            if (inputs(op).stream().anyMatch(trained::contains)) {
                trained.addAll(op.getOutputsOfOp());
            }
        }
    }

    boolean isParameter(String variable) {
        return graph.getVariable(variable).getVariableType() == VariableType.VARIABLE;
    }

    long[] parameterShape(String parameter) {
        return graph.getVariable(parameter).getShape();
    }

    /** The array of a constant, or null if the variable is none. */
    INDArray constantArray(String variable) {
        SDVariable known = graph.getVariable(variable);
        return known.getVariableType() == VariableType.CONSTANT ? known.getArr() : null;
    }

    long parameterLength(String parameter) {
        return Arrays.stream(parameterShape(parameter)).reduce(1, (a, b) -> a * b);
    }

    /** Whether a variable depends on parameters, or is one. */
    boolean isTrained(String variable) {
        return trained.contains(variable);
    }

    /** Variables that depend on no parameter and are read by ops that do, or wanted: what the prologue computes. */
    Set<String> frontier(List<String> wanted) {
        Set<String> frontier = new LinkedHashSet<>();
        for (SameDiffOp op : order) {
            if (isTrained(op.getOutputsOfOp().get(0))) {
                inputs(op).stream().filter(v -> !isTrained(v)).forEach(frontier::add);
            }
        }
        wanted.stream().filter(v -> !isTrained(v)).forEach(frontier::add);
        return frontier;
    }

    /** The op that computes a variable, or null. */
    SameDiffOp producer(String variable) {
        String op = graph.getVariables().get(variable).getOutputOfOp();
        return op == null ? null : graph.getOps().get(op);
    }

    /** The op that computes a variable if it has that name, or null. */
    SameDiffOp producer(String variable, String opName) {
        SameDiffOp op = producer(variable);
        return op != null && name(op).equals(opName) ? op : null;
    }

    static String name(SameDiffOp op) {
        return op.getOp().opName();
    }

    static List<String> inputs(SameDiffOp op) {
        return op.getInputsToOp() == null ? List.of() : op.getInputsToOp();
    }

    static String input(SameDiffOp op, int index) {
        return op.getInputsToOp().get(index);
    }

    /** Integer arguments of a custom op. */
    static long[] integers(SameDiffOp op) {
        return ((DynamicCustomOp) op.getOp()).iArgs();
    }

    /** The constant of an op between an array and a number. */
    static double constant(SameDiffOp op) {
        return ((ScalarOp) op.getOp()).scalar().getDouble(0);
    }

    static int[] reducedAxes(SameDiffOp op) {
        int[] axes = op.getOp().getDimensions();
        return axes == null ? new int[0] : axes;
    }

    static boolean keepsAxes(SameDiffOp op) {
        return ((BaseReduceOp) op.getOp()).isKeepDims();
    }

    /** Target shape of a reshape op; empty if another variable holds it. */
    static long[] shapeArgument(SameDiffOp op) {
        long[] arguments = inputs(op).size() == 1 ? integers(op) : new long[0];
        boolean ordered = arguments.length > 0 && arguments[0] < -1;
        return ordered ? Arrays.copyOfRange(arguments, 1, arguments.length) : arguments;
    }
}

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

/** Questions to a SameDiff graph. What depends on a parameter is called trained, whether a loss asks for it or not. */
public final class GraphView {
    private final SameDiff graph;
    private final List<SameDiffOp> order;
    private final Set<String> trained = new HashSet<>();

    /** The view of what leads to the wanted variables. */
    public GraphView(SameDiff graph, List<String> wanted) {
        this.graph = graph;
        this.order = OpOrder.between(graph, Set.of(), wanted);
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

    public SameDiff graph() {
        return graph;
    }

    /** The ops that depend on parameters, each after those whose results it reads. */
    List<SameDiffOp> trainedOps() {
        return order.stream()
                .filter(op -> isTrained(op.getOutputsOfOp().get(0)))
                .toList();
    }

    boolean isParameter(String variable) {
        return graph.getVariable(variable).getVariableType() == VariableType.VARIABLE;
    }

    boolean isConstant(String variable) {
        return graph.getVariable(variable).getVariableType() == VariableType.CONSTANT;
    }

    long[] parameterShape(String parameter) {
        return graph.getVariable(parameter).getShape();
    }

    long parameterLength(String parameter) {
        return Arrays.stream(parameterShape(parameter)).reduce(1, (a, b) -> a * b);
    }

    /** The array of a constant, or null if the variable is none. */
    INDArray constantArray(String variable) {
        SDVariable known = graph.getVariable(variable);
        return known.getVariableType() == VariableType.CONSTANT ? known.getArr() : null;
    }

    /** Whether a variable depends on parameters, or is one. */
    public boolean isTrained(String variable) {
        return trained.contains(variable);
    }

    /** Variables that depend on no parameter and are read by ops that do, or wanted: what the prologue computes. */
    public Set<String> frontier(List<String> wanted) {
        Set<String> frontier = new LinkedHashSet<>();
        for (SameDiffOp op : trainedOps()) {
            inputs(op).stream().filter(v -> !isTrained(v)).forEach(frontier::add);
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
        return OpOrder.inputs(op);
    }

    static String input(SameDiffOp op, int index) {
        return op.getInputsToOp().get(index);
    }

    static String output(SameDiffOp op) {
        return op.getOutputsOfOp().get(0);
    }

    /** Integer arguments of a custom op; empty for another op. */
    static long[] integers(SameDiffOp op) {
        return op.getOp() instanceof DynamicCustomOp custom ? custom.iArgs() : new long[0];
    }

    /** Floating-point arguments of a custom op; empty for another op. */
    static double[] numbers(SameDiffOp op) {
        return op.getOp() instanceof DynamicCustomOp custom ? custom.tArgs() : new double[0];
    }

    /** Whether an op is one between an array and a fixed number. */
    static boolean hasFixedNumber(SameDiffOp op) {
        return op.getOp() instanceof ScalarOp scalar
                && scalar.scalar() != null
                && inputs(op).size() == 1;
    }

    /** The number of such an op. */
    static double number(SameDiffOp op) {
        return ((ScalarOp) op.getOp()).scalar().getDouble(0);
    }

    /** Whether an op is a reduction over axes that are fixed. */
    static boolean reducesFixedAxes(SameDiffOp op) {
        return op.getOp() instanceof BaseReduceOp reduce && inputs(op).size() == 1 && !reduce.isEmptyReduce();
    }

    /** The axes of a reduction, sorted and counted from 0; all of them if it names none. */
    static int[] reducedAxes(SameDiffOp op, int rank) {
        int[] axes = op.getOp().getDimensions();
        boolean all = axes == null || axes.length == 0 || axes[0] == Integer.MAX_VALUE;
        int[] result = new int[all ? rank : axes.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = all ? i : axes[i] < 0 ? axes[i] + rank : axes[i];
        }
        Arrays.sort(result);
        return result;
    }

    static boolean keepsAxes(SameDiffOp op) {
        return ((BaseReduceOp) op.getOp()).isKeepDims();
    }

    /**
     * Target shape of a row-major reshape op, with a size for -1; null if another variable holds the shape, or it reads in
     * column-major order.
     *
     * @param length elements of the array
     */
    static long[] reshapeTarget(SameDiffOp op, long length) {
        long[] arguments = inputs(op).size() == 1 ? integers(op) : new long[0];
        if (arguments.length == 0) {
            return null;
        }
        boolean ordered = arguments[0] < -1;
        if (ordered && arguments[0] != -'c') {
            return null;
        }
        long[] shape = ordered ? Arrays.copyOfRange(arguments, 1, arguments.length) : arguments.clone();
        long known = Arrays.stream(shape).filter(d -> d != -1).reduce(1, (p, q) -> p * q);
        if (known <= 0 || length % known != 0) {
            return null;
        }
        Arrays.setAll(shape, i -> shape[i] == -1 ? length / known : shape[i]);
        return Arrays.stream(shape).reduce(1, (p, q) -> p * q) == length ? shape : null;
    }
}

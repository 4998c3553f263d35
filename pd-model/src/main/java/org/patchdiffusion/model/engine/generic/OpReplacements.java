package org.patchdiffusion.model.engine.generic;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.BaseReduceOp;
import org.nd4j.linalg.api.ops.CustomOp;

/**
 * Faster ways to compute what some ops compute, for float32.
 *
 * <p>ND4J's sigmoid, SiLU ("swish") and hyperbolic tangent are scalar loops; only its native {@code tanh} reaches
 * oneDNN, so they are written in terms of it: sigmoid(x) = (1 + tanh(x / 2)) / 2. Its {@code multiply_bp} with
 * broadcasting takes ten times as long as a product and a sum.
 */
final class OpReplacements {
    private final Instruction original;
    private final Values values;
    private final List<Instruction> parts = new ArrayList<>();

    private OpReplacements(Instruction original, Values values) {
        this.original = original;
        this.values = values;
    }

    /** The instructions to run in place of this one: itself, if there is nothing better. */
    static List<Instruction> of(Instruction instruction, Values values) {
        OpReplacements replacement = new OpReplacements(instruction, values);
        replacement.choose();
        return replacement.parts.isEmpty() ? List.of(instruction) : replacement.parts;
    }

    private void choose() {
        if (isReductionOfNothing()) {
            reduceNatively();
            return;
        }
        boolean isFloat = original.inputs().stream()
                .allMatch(name -> values.prototype(name).dataType() == DataType.FLOAT);
        if (!isFloat) {
            return;
        }
        switch (original.op().opName()) {
            case "tanh" -> emit("tanh", output(0), input(0));
            case "sigmoid" -> {
                emit("add", temporary("sum"), tanhOfHalf(), scalar(1f));
                emit("multiply", output(0), temporary("sum"), scalar(0.5f));
            }
            case "sigmoid_bp" -> {
                emit("tanh_bp", temporary("slope"), halfOf(input(0)), input(1));
                emit("multiply", output(0), temporary("slope"), scalar(0.25f));
            }
            case "swish" -> {
                emit("multiply", temporary("product"), halfOf(input(0)), tanhOfHalf());
                emit("add", output(0), temporary("product"), halfOf(input(0)));
            }
            case "_swishderivative" -> swishDerivative();
            case "multiply_bp", "add_bp", "subtract_bp" -> pairwiseGradients();
            default -> {
                // Nothing better is known.
            }
        }
    }

    /** With h = x / 2 and t = tanh(h), the derivative of x sigmoid(x) is (1 + t + h (1 - t²)) / 2. */
    private void swishDerivative() {
        String half = halfOf(input(0));
        emit("tanh_bp", temporary("slope"), half, half);
        emit("add", temporary("sum"), temporary("slope"), tanhOfHalf());
        emit("add", temporary("shifted"), temporary("sum"), scalar(1f));
        emit("multiply", output(0), temporary("shifted"), scalar(0.5f));
    }

    private void pairwiseGradients() {
        long[] result = shape(input(2));
        if (!Arrays.equals(result, broadcast(shape(input(0)), shape(input(1))))) {
            return;
        }
        for (int k = 0; k < 2; k++) {
            String gradient = input(2);
            if (original.op().opName().equals("multiply_bp")) {
                emit("multiply", temporary("full" + k), gradient, input(1 - k));
                gradient = temporary("full" + k);
            }
            boolean negative = k == 1 && original.op().opName().equals("subtract_bp");
            String summed = negative ? temporary("negative") : output(k);
            sumTo(shape(input(k)), result, gradient, summed);
            if (negative) {
                emit("multiply", output(k), summed, scalar(-1f));
            }
        }
    }

    /** Sums a gradient over the axes along which an operand was repeated. */
    private void sumTo(long[] operand, long[] result, String gradient, String output) {
        int missing = result.length - operand.length;
        int[] axes = IntStream.range(0, result.length)
                .filter(axis -> axis < missing || operand[axis - missing] != result[axis])
                .toArray();
        if (axes.length == 0 && missing == 0) {
            emit("identity", output, gradient);
        } else if (missing == 0) {
            parts.add(Instruction.reduction("reduce_sum", gradient, output, axes, true));
        } else if (IntStream.of(axes).allMatch(axis -> axis < missing)) {
            parts.add(Instruction.reduction("reduce_sum", gradient, output, axes, false));
        } else {
            // Added axes vanish, those of length 1 stay.
            int[] added = IntStream.range(0, missing).toArray();
            int[] repeated = IntStream.of(axes)
                    .filter(axis -> axis >= missing)
                    .map(axis -> axis - missing)
                    .toArray();
            parts.add(Instruction.reduction("reduce_sum", gradient, output + "#added", added, false));
            parts.add(Instruction.reduction("reduce_sum", output + "#added", output, repeated, true));
        }
    }

    /** Null if they do not fit. */
    private static long[] broadcast(long[] a, long[] b) {
        long[] longer = a.length >= b.length ? a.clone() : b.clone();
        long[] shorter = a.length >= b.length ? b : a;
        int missing = longer.length - shorter.length;
        for (int axis = 0; axis < shorter.length; axis++) {
            long there = longer[axis + missing];
            if (there != shorter[axis] && there != 1 && shorter[axis] != 1) {
                return null;
            }
            longer[axis + missing] = there == 1 ? shorter[axis] : there;
        }
        return longer;
    }

    /**
     * ND4J's executioner writes nothing when it thinks that a reduction of a vector changes nothing. (Along an axis of
     * length 1, as in the sum of an {@code [N, 1]} array over axis 1.)
     */
    private boolean isReductionOfNothing() {
        if (!(original.op() instanceof BaseReduceOp) || original.op() instanceof CustomOp) {
            return false;
        }
        INDArray array = values.prototype(input(0));
        return array.isVector()
                && array.length() > 1
                && (original.inputs().size() == 1 || OpCall.readsAxes(original))
                && axes(array).length > 0
                && IntStream.of(axes(array)).allMatch(axis -> array.size(axis) == 1);
    }

    private void reduceNatively() {
        int[] axes = axes(values.prototype(input(0)));
        boolean keepDims = ((BaseReduceOp) original.op()).isKeepDims();
        parts.add(Instruction.reduction(original.op().opName(), input(0), output(0), axes, keepDims));
    }

    private int[] axes(INDArray array) {
        INDArray axes =
                original.inputs().size() == 2 ? values.array(input(1)) : ((BaseReduceOp) original.op()).dimensions();
        boolean all = axes == null || axes.isEmpty() || axes.getInt(0) == Integer.MAX_VALUE;
        return all
                ? IntStream.range(0, array.rank()).toArray()
                : IntStream.of(axes.toIntVector())
                        .map(axis -> axis < 0 ? axis + array.rank() : axis)
                        .toArray();
    }

    private void emit(String opName, String output, String... inputs) {
        parts.add(Instruction.of(opName, List.of(inputs), output));
    }

    /** x / 2; computed once, however many ops need it. */
    private String halfOf(String x) {
        return shared("multiply", x + "#half", x, scalar(0.5f));
    }

    /** tanh(x / 2); computed once, so that the backward pass has the forward pass's. */
    private String tanhOfHalf() {
        String half = halfOf(input(0));
        return shared("tanh", half + "#tanh", half);
    }

    private String shared(String opName, String output, String... inputs) {
        boolean emitted = parts.stream().anyMatch(part -> part.outputs().contains(output));
        if (!emitted && !values.isKnown(output)) {
            emit(opName, output, inputs);
        }
        return output;
    }

    private String scalar(float value) {
        return values.scalar(value);
    }

    private String temporary(String name) {
        return output(0) + "#" + name;
    }

    private String input(int index) {
        return original.inputs().get(index);
    }

    private String output(int index) {
        return original.outputs().get(index);
    }

    private long[] shape(String name) {
        return values.prototype(name).shape();
    }
}

package org.patchdiffusion.model.engine.compiled.read;

import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.patchdiffusion.model.engine.compiled.ir.Dense;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/** {@code matmul(x, weight)}, the weight transposed or not, and a bias added to it if there is one. */
final class DenseRecogniser {

    private DenseRecogniser() {}

    static Value withoutBias(Reading graph, SameDiffOp op) {
        return read(graph, GraphView.output(op), op, null);
    }

    static Value withBias(Reading graph, SameDiffOp op) {
        String bias = GraphView.input(op, 1);
        SameDiffOp product = graph.view().producer(GraphView.input(op, 0), "matmul");
        return product == null || !graph.view().isParameter(bias)
                ? null
                : read(graph, GraphView.output(op), product, bias);
    }

    private static Value read(Reading graph, String name, SameDiffOp product, String bias) {
        Value x = graph.split(GraphView.input(product, 0));
        String weight = GraphView.input(product, 1);
        boolean transposed = isTransposed(product, false, true);
        if (x == null
                || x.rank() != 2
                || !graph.view().isParameter(weight)
                || graph.view().parameterShape(weight).length != 2
                || !transposed && !isTransposed(product, false, false)) {
            return null;
        }
        long[] shape = graph.view().parameterShape(weight);
        long in = shape[transposed ? 1 : 0];
        long out = shape[transposed ? 0 : 1];
        boolean fits = in == x.channels()
                && (bias == null
                        || graph.view().parameterShape(bias).length <= 2
                                && graph.view().parameterLength(bias) == out);
        return fits ? graph.emit(Dense.of(name, x, weight, transposed, out, bias)) : null;
    }

    /** Whether a product transposes its operands like this and does nothing else to them. */
    static boolean isTransposed(SameDiffOp matmul, boolean left, boolean right) {
        long[] flags = GraphView.integers(matmul);
        double[] numbers = GraphView.numbers(matmul);
        return flags.length >= 2
                && (flags[0] != 0) == left
                && (flags[1] != 0) == right
                && (flags.length < 3 || flags[2] == 0)
                && (numbers.length < 1 || numbers[0] == 1)
                && (numbers.length < 2 || numbers[1] == 0);
    }
}

package org.patchdiffusion.model.engine.compiled.read;

import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.patchdiffusion.model.engine.compiled.ir.Unary;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/** Functions of each number. */
final class FunctionRecognisers {

    private FunctionRecognisers() {}

    static Value silu(Reading graph, SameDiffOp op) {
        return function(graph, op, Unary.Function.SILU);
    }

    /** {@code relu} cuts off at a number, which must be 0. */
    static Value relu(Reading graph, SameDiffOp op) {
        return GraphView.hasFixedNumber(op) && GraphView.number(op) == 0
                ? function(graph, op, Unary.Function.RELU)
                : null;
    }

    static Value tanh(Reading graph, SameDiffOp op) {
        return function(graph, op, Unary.Function.TANH);
    }

    static Value sigmoid(Reading graph, SameDiffOp op) {
        return function(graph, op, Unary.Function.SIGMOID);
    }

    static Value square(Reading graph, SameDiffOp op) {
        return function(graph, op, Unary.Function.SQUARE);
    }

    private static Value function(Reading graph, SameDiffOp op, Unary.Function function) {
        Value x = graph.split(GraphView.input(op, 0));
        return x == null ? null : graph.emit(Unary.of(GraphView.output(op), x, function));
    }
}

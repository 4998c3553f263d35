package org.patchdiffusion.model.engine.compiled.read;

import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.patchdiffusion.model.engine.compiled.ir.Scale;
import org.patchdiffusion.model.engine.compiled.ir.SumBatch;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/** Ops between a tensor and a fixed number. */
final class NumberRecognisers {

    private NumberRecognisers() {}

    static Value multiply(Reading graph, SameDiffOp op) {
        return GraphView.hasFixedNumber(op) ? scale(graph, op, GraphView.number(op), 0) : null;
    }

    static Value divide(Reading graph, SameDiffOp op) {
        return GraphView.hasFixedNumber(op) && GraphView.number(op) != 0
                ? scale(graph, op, 1 / GraphView.number(op), 0)
                : null;
    }

    static Value add(Reading graph, SameDiffOp op) {
        return GraphView.hasFixedNumber(op) ? scale(graph, op, 1, GraphView.number(op)) : null;
    }

    static Value subtract(Reading graph, SameDiffOp op) {
        return GraphView.hasFixedNumber(op) ? scale(graph, op, 1, -GraphView.number(op)) : null;
    }

    static Value subtractFrom(Reading graph, SameDiffOp op) {
        return GraphView.hasFixedNumber(op) ? scale(graph, op, -1, GraphView.number(op)) : null;
    }

    static Value negate(Reading graph, SameDiffOp op) {
        return scale(graph, op, -1, 0);
    }

    /** A name of its own for a tensor: parts know tensors by name. */
    static Value identity(Reading graph, SameDiffOp op) {
        return scale(graph, op, 1, 0);
    }

    private static Value scale(Reading graph, SameDiffOp op, double factor, double offset) {
        Value x = graph.value(GraphView.input(op, 0));
        String name = GraphView.output(op);
        if (x.kind() == Value.Kind.SUM) {
            return offset == 0 ? rescaleSum(graph, name, x, factor) : null;
        }
        return x.isSplit() ? graph.emit(Scale.of(name, x, factor, offset)) : null;
    }

    /** A factor behind a sum over the batch belongs to the sum. */
    private static Value rescaleSum(Reading graph, String name, Value x, double factor) {
        SumBatch sum = (SumBatch) graph.maker(x);
        return graph.emit(new SumBatch(Value.sum(name, x.differentiable()), sum.x(), sum.factor() * factor));
    }
}

package org.patchdiffusion.model.engine.compiled.read;

import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.engine.compiled.ir.AddVector;
import org.patchdiffusion.model.engine.compiled.ir.Binary;
import org.patchdiffusion.model.engine.compiled.ir.ChannelParameter;
import org.patchdiffusion.model.engine.compiled.ir.Dropout;
import org.patchdiffusion.model.engine.compiled.ir.Scale;
import org.patchdiffusion.model.engine.compiled.ir.ScaledAdd;
import org.patchdiffusion.model.engine.compiled.ir.SpreadImage;
import org.patchdiffusion.model.engine.compiled.ir.SpreadPixels;
import org.patchdiffusion.model.engine.compiled.ir.Unary;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/**
 * Ops between two tensors of one shape, or between a tensor and something that is broadcast over it: one number an image, a
 * vector for the channels of each image, a parameter with a number a channel, a constant.
 */
final class PairRecognisers {

    private PairRecognisers() {}

    static Value add(Reading graph, SameDiffOp op) {
        return commutative(graph, op, Binary.Op.ADD);
    }

    static Value multiply(Reading graph, SameDiffOp op) {
        return commutative(graph, op, Binary.Op.MULTIPLY);
    }

    static Value subtract(Reading graph, SameDiffOp op) {
        return read(graph, op, Binary.Op.SUBTRACT, GraphView.input(op, 0), GraphView.input(op, 1));
    }

    static Value divide(Reading graph, SameDiffOp op) {
        return read(graph, op, Binary.Op.DIVIDE, GraphView.input(op, 0), GraphView.input(op, 1));
    }

    /** A tensor times a mask that the graph lists as one of its dropouts. */
    static Value dropout(Reading graph, SameDiffOp op) {
        for (int i = 0; i < 2; i++) {
            int layer = graph.dropout(GraphView.input(op, i));
            if (layer < 0) {
                continue;
            }
            Value x = graph.split(GraphView.input(op, 1 - i));
            long[] mask =
                    graph.view().graph().getVariable(GraphView.input(op, i)).placeholderShape();
            if (x != null && x.hasShape(mask)) {
                Value y = x.like(GraphView.output(op), x.differentiable());
                return graph.emit(new Dropout(y, x, layer, graph.dropoutRate(layer)));
            }
        }
        return null;
    }

    private static Value commutative(Reading graph, SameDiffOp op, Binary.Op kind) {
        String first = GraphView.input(op, 0);
        String second = GraphView.input(op, 1);
        Value y = read(graph, op, kind, first, second);
        return y != null ? y : read(graph, op, kind, second, first);
    }

    private static Value read(Reading graph, SameDiffOp op, Binary.Op kind, String left, String right) {
        Value a = graph.split(left);
        if (a == null) {
            return null;
        }
        String name = GraphView.output(op);
        Value b = graph.value(right);
        if (a.sameShape(b)) {
            return sameShape(graph, name, kind, a, b);
        }
        if (b.rank() > a.rank()) {
            return null;
        }
        if (parameterBehind(graph, right) != null) {
            return parameter(graph, name, kind, a, b, parameterBehind(graph, right));
        }
        if (b.isSplit()) {
            return broadcast(graph, name, kind, a, b);
        }
        INDArray constant = graph.constant(right);
        return constant != null && constant.length() == 1 ? number(graph, name, kind, a, constant.getDouble(0)) : null;
    }

    private static Value sameShape(Reading graph, String name, Binary.Op kind, Value a, Value b) {
        if (kind == Binary.Op.MULTIPLY && a == b) {
            return graph.emit(Unary.of(name, a, Unary.Function.SQUARE));
        }
        return graph.emit(
                kind == Binary.Op.ADD && a.isImage() ? ScaledAdd.of(name, a, b) : Binary.of(name, kind, a, b));
    }

    private static Value number(Reading graph, String name, Binary.Op kind, Value a, double number) {
        return switch (kind) {
            case ADD -> graph.emit(Scale.of(name, a, 1, number));
            case SUBTRACT -> graph.emit(Scale.of(name, a, 1, -number));
            case MULTIPLY -> graph.emit(Scale.of(name, a, number, 0));
            case DIVIDE -> number == 0 ? null : graph.emit(Scale.of(name, a, 1 / number, 0));
        };
    }

    /** One number for each image, {@code [B, 1, 1, 1]}, or for each of its channels, {@code [B, C, 1, 1]}. */
    private static Value broadcast(Reading graph, String name, Binary.Op kind, Value a, Value b) {
        if (a.rank() != b.rank()) {
            return null;
        }
        if (b.elements() == 1) {
            // The gradient of a divisor would need the quotient of a broadcast: a whole tensor is as good.
            boolean whole = b.differentiable() && kind == Binary.Op.DIVIDE;
            Value other = whole ? graph.emit(new SpreadImage(a.like(name + " spread", true), b, 1f)) : b;
            return graph.emit(Binary.of(name, kind, a, other));
        }
        boolean perChannel = a.isImage() && b.hasShape(graph.batch(), a.channels(), 1, 1);
        if (!perChannel) {
            return null;
        }
        if (kind == Binary.Op.ADD) {
            return graph.emit(new AddVector(a.like(name, a.differentiable() || b.differentiable()), a, b));
        }
        Value spread = graph.emit(new SpreadPixels(a.like(name + " spread", b.differentiable()), b, 1f));
        return graph.emit(Binary.of(name, kind, a, spread));
    }

    /** The parameter that a variable is, or is a row-major reshape of; else null. */
    static String parameterBehind(Reading graph, String variable) {
        if (graph.view().isParameter(variable)) {
            return variable;
        }
        SameDiffOp reshape = graph.view().producer(variable, "reshape");
        if (reshape == null || !graph.view().isParameter(GraphView.input(reshape, 0))) {
            return null;
        }
        String parameter = GraphView.input(reshape, 0);
        return GraphView.reshapeTarget(reshape, graph.view().parameterLength(parameter)) == null ? null : parameter;
    }

    /** A parameter with a number for each channel: {@code [1, C, 1, 1]} or {@code [C, 1, 1]} over images, or of vectors. */
    private static Value parameter(Reading graph, String name, Binary.Op kind, Value a, Value b, String parameter) {
        long[] shape = b.shape();
        int channelAxis = shape.length - (a.rank() - 1);
        boolean perChannel = (a.isImage() || a.rank() == 2)
                && channelAxis >= 0
                && shape[channelAxis] == a.channels()
                && b.elements() * (b.isSplit() ? graph.batch() : 1) == a.channels()
                && a.channels() > 1;
        if (!perChannel || kind == Binary.Op.DIVIDE || kind == Binary.Op.SUBTRACT) {
            return null;
        }
        ChannelParameter.Op own = kind == Binary.Op.ADD ? ChannelParameter.Op.ADD : ChannelParameter.Op.MULTIPLY;
        return graph.emit(new ChannelParameter(a.like(name, true), a, own, parameter));
    }
}

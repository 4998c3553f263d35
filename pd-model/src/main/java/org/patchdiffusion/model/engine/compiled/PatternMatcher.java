package org.patchdiffusion.model.engine.compiled;

import java.util.List;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;

/** Recognises layers that SameDiff has no single op for, by the structure that the graph builders emit. */
final class PatternMatcher {

    record NormMatch(String x, String gamma, String beta, int groups, double epsilon) {}

    record AdaptMatch(String x, String vector) {}

    record DenseMatch(String x, String weight, String bias) {}

    record AttentionMatch(String qkv, int heads) {}

    private final GraphView view;

    PatternMatcher(GraphView view) {
        this.view = view;
    }

    /** {@code reshape(d · rsqrt(mean(d·d) + eps)) · gamma + beta} with {@code d = y − mean(y)}, y = reshape(x). */
    NormMatch norm(String variable) {
        SameDiffOp add = view.producer(variable, "add");
        SameDiffOp scaled = add == null ? null : view.producer(GraphView.input(add, 0), "multiply");
        String beta = add == null ? null : reshapedParameter(GraphView.input(add, 1));
        String gamma = scaled == null ? null : reshapedParameter(GraphView.input(scaled, 1));
        SameDiffOp back = scaled == null ? null : view.producer(GraphView.input(scaled, 0), "reshape");
        SameDiffOp normed = back == null ? null : view.producer(GraphView.input(back, 0), "multiply");
        if (beta == null || gamma == null || normed == null) {
            return null;
        }
        String difference = GraphView.input(normed, 0);
        SameDiffOp centred = view.producer(difference, "subtract");
        SameDiffOp inverse = view.producer(GraphView.input(normed, 1), "rsqrt");
        SameDiffOp shifted = inverse == null ? null : view.producer(GraphView.input(inverse, 0), "add_scalar");
        SameDiffOp variance = shifted == null ? null : mean(GraphView.input(shifted, 0));
        SameDiffOp squared = variance == null ? null : view.producer(GraphView.input(variance, 0), "multiply");
        SameDiffOp average = centred == null ? null : mean(GraphView.input(centred, 1));
        SameDiffOp grouped = centred == null ? null : view.producer(GraphView.input(centred, 0), "reshape");
        boolean closed = squared != null
                && average != null
                && grouped != null
                && GraphView.input(squared, 0).equals(difference)
                && GraphView.input(squared, 1).equals(difference)
                && GraphView.input(average, 0).equals(GraphView.input(centred, 0));
        if (!closed) {
            return null;
        }
        int groups = Math.toIntExact(GraphView.shapeArgument(grouped)[1]);
        return new NormMatch(GraphView.input(grouped, 0), gamma, beta, groups, GraphView.constant(shifted));
    }

    private SameDiffOp mean(String variable) {
        SameDiffOp op = view.producer(variable, "reduce_mean");
        boolean overLast = op != null
                && GraphView.keepsAxes(op)
                && GraphView.reducedAxes(op).length == 1
                && GraphView.reducedAxes(op)[0] == 2;
        return overLast ? op : null;
    }

    private String reshapedParameter(String variable) {
        SameDiffOp reshape = view.producer(variable, "reshape");
        return reshape != null && view.isParameter(GraphView.input(reshape, 0)) ? GraphView.input(reshape, 0) : null;
    }

    /** {@code x · (reshape(scale) + 1) + reshape(offset)} with {@code [scale, offset] = split(vector, 2)}. */
    AdaptMatch adapt(String variable) {
        SameDiffOp add = view.producer(variable, "add");
        SameDiffOp product = add == null ? null : view.producer(GraphView.input(add, 0), "multiply");
        SameDiffOp factor = product == null ? null : view.producer(GraphView.input(product, 1), "add_scalar");
        if (factor == null || GraphView.constant(factor) != 1) {
            return null;
        }
        SameDiffOp scale = splitBehindReshape(GraphView.input(factor, 0), 0);
        SameDiffOp offset = splitBehindReshape(GraphView.input(add, 1), 1);
        return scale == null || scale != offset
                ? null
                : new AdaptMatch(GraphView.input(product, 0), GraphView.input(scale, 0));
    }

    private SameDiffOp splitBehindReshape(String variable, int part) {
        SameDiffOp reshape = view.producer(variable, "reshape");
        SameDiffOp split = reshape == null ? null : view.producer(GraphView.input(reshape, 0), "split");
        boolean halves = split != null
                && GraphView.integers(split).length == 2
                && GraphView.integers(split)[0] == 2
                && GraphView.integers(split)[1] == 1
                && split.getOutputsOfOp().get(part).equals(GraphView.input(reshape, 0));
        return halves ? split : null;
    }

    /** {@code matmul(x, weight, transposed)}, and a bias added to it if there is one. */
    DenseMatch dense(String variable) {
        SameDiffOp add = view.producer(variable, "add");
        if (add != null && !view.isParameter(GraphView.input(add, 1))) {
            return null;
        }
        SameDiffOp product = view.producer(add == null ? variable : GraphView.input(add, 0), "matmul");
        boolean layer = product != null
                && view.isParameter(GraphView.input(product, 1))
                && view.parameterShape(GraphView.input(product, 1)).length == 2
                && isTransposed(product, false, true);
        return layer
                ? new DenseMatch(
                        GraphView.input(product, 0),
                        GraphView.input(product, 1),
                        add == null ? null : GraphView.input(add, 1))
                : null;
    }

    private static boolean isTransposed(SameDiffOp matmul, boolean left, boolean right) {
        long[] flags = GraphView.integers(matmul);
        return flags.length >= 2
                && (flags[0] != 0) == left
                && (flags[1] != 0) == right
                && (flags.length < 3 || flags[2] == 0);
    }

    /** {@code reshape(v · softmax(qᵀ·k / √c)ᵀ)} with q, k, v unstacked from {@code reshape(qkv, [B·heads, c, 3, T])}. */
    AttentionMatch attention(String variable, long batch) {
        SameDiffOp back = view.producer(variable, "reshape");
        SameDiffOp mixed = back == null ? null : view.producer(GraphView.input(back, 0), "matmul");
        SameDiffOp softmax = mixed == null ? null : view.producer(GraphView.input(mixed, 1), "softmax");
        SameDiffOp scaled = softmax == null ? null : view.producer(GraphView.input(softmax, 0), "mul_scalar");
        SameDiffOp scores = scaled == null ? null : view.producer(GraphView.input(scaled, 0), "matmul");
        SameDiffOp parts = scores == null ? null : view.producer(GraphView.input(scores, 0), "unstack");
        SameDiffOp joined = parts == null ? null : view.producer(GraphView.input(parts, 0), "reshape");
        if (joined == null) {
            return null;
        }
        long[] shape = GraphView.shapeArgument(joined);
        boolean wired = shape.length == 4
                && shape[2] == 3
                && GraphView.integers(parts)[0] == 2
                && GraphView.integers(softmax)[0] == 2
                && parts.getOutputsOfOp()
                        .equals(List.of(
                                GraphView.input(scores, 0), GraphView.input(scores, 1), GraphView.input(mixed, 0)))
                && isTransposed(scores, true, false)
                && isTransposed(mixed, false, true)
                && Math.abs(GraphView.constant(scaled) * Math.sqrt(shape[1]) - 1) < 1e-6;
        return wired ? new AttentionMatch(GraphView.input(joined, 0), Math.toIntExact(shape[0] / batch)) : null;
    }
}

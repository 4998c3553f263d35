package org.patchdiffusion.model.engine.compiled.read;

import java.util.List;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Recognises layers that SameDiff has no single op for, by the structure that the graph builders emit. */
final class PatternMatcher {

    record NormMatch(String x, String gamma, String beta, int groups, double epsilon) {}

    record AdaptMatch(String x, String vector) {}

    record DenseMatch(String x, String weight, boolean transposed, String bias) {}

    record AttentionMatch(String qkv, int heads, int headChannels) {}

    /** Shapes are those that the reshapes around the convolution lead to. */
    record BlurMatch(String x, SeparableFilter filter, ConvShape conv, long[] planes, long[] images) {}

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
        long[] shape = GraphView.shapeArgument(grouped);
        return shape.length == 3
                ? new NormMatch(
                        GraphView.input(grouped, 0),
                        gamma,
                        beta,
                        Math.toIntExact(shape[1]),
                        GraphView.constant(shifted))
                : null;
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
        return isPerChannel(reshape) && view.isParameter(GraphView.input(reshape, 0))
                ? GraphView.input(reshape, 0)
                : null;
    }

    /** Whether it reshapes to {@code [*, C, 1, 1]}. */
    private static boolean isPerChannel(SameDiffOp reshape) {
        long[] shape = reshape == null ? new long[0] : GraphView.shapeArgument(reshape);
        return shape.length == 4 && shape[2] == 1 && shape[3] == 1;
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
        SameDiffOp split = isPerChannel(reshape) ? view.producer(GraphView.input(reshape, 0), "split") : null;
        boolean halves = split != null
                && GraphView.integers(split).length == 2
                && GraphView.integers(split)[0] == 2
                && GraphView.integers(split)[1] == 1
                && split.getOutputsOfOp().get(part).equals(GraphView.input(reshape, 0));
        return halves ? split : null;
    }

    /** {@code matmul(x, weight)}, the weight transposed or not, and a bias added to it if there is one. */
    DenseMatch dense(String variable) {
        SameDiffOp add = view.producer(variable, "add");
        String bias = add == null ? null : GraphView.input(add, 1);
        SameDiffOp product = view.producer(add == null ? variable : GraphView.input(add, 0), "matmul");
        if (product == null || bias != null && !view.isParameter(bias)) {
            return null;
        }
        String weight = GraphView.input(product, 1);
        boolean transposed = isTransposed(product, false, true);
        if (!view.isParameter(weight)
                || view.parameterShape(weight).length != 2
                || !transposed && !isTransposed(product, false, false)
                || bias != null && view.parameterLength(bias) != view.parameterShape(weight)[transposed ? 0 : 1]) {
            return null;
        }
        return new DenseMatch(GraphView.input(product, 0), weight, transposed, bias);
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
                && shape[0] % batch == 0
                && shape[2] == 3
                && GraphView.integers(parts)[0] == 2
                && GraphView.integers(softmax)[0] == 2
                && parts.getOutputsOfOp()
                        .equals(List.of(
                                GraphView.input(scores, 0), GraphView.input(scores, 1), GraphView.input(mixed, 0)))
                && isTransposed(scores, true, false)
                && isTransposed(mixed, false, true)
                && Math.abs(GraphView.constant(scaled) * Math.sqrt(shape[1]) - 1) < 1e-6;
        return wired
                ? new AttentionMatch(
                        GraphView.input(joined, 0), Math.toIntExact(shape[0] / batch), Math.toIntExact(shape[1]))
                : null;
    }

    /** {@code reshape(conv2d(reshape(x, [B·C, 1, H, W]), constant [k, k, 1, 1]), [B, C, H′, W′])}. */
    BlurMatch blur(String variable) {
        SameDiffOp back = view.producer(variable, "reshape");
        SameDiffOp conv = back == null ? null : view.producer(GraphView.input(back, 0), "conv2d");
        SameDiffOp planes = conv == null ? null : view.producer(GraphView.input(conv, 0), "reshape");
        ConvShape shape = conv == null ? null : ConvShape.of(conv);
        if (planes == null || shape == null || GraphView.inputs(conv).size() != 2) {
            return null;
        }
        INDArray kernel = view.constantArray(GraphView.input(conv, 1));
        SeparableFilter filter = kernel == null || kernel.length() != (long) shape.size() * shape.size()
                ? null
                : SeparableFilter.of(kernel.dup('c').data().asFloat(), shape.size());
        return filter == null
                ? null
                : new BlurMatch(
                        GraphView.input(planes, 0),
                        filter,
                        shape,
                        GraphView.shapeArgument(planes),
                        GraphView.shapeArgument(back));
    }
}

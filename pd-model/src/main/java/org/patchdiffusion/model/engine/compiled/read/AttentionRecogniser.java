package org.patchdiffusion.model.engine.compiled.read;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.patchdiffusion.model.engine.compiled.ir.Attention;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/**
 * Self-attention: {@code reshape(v · softmax(qᵀ·k / √c)ᵀ)} with q, k, v unstacked from {@code reshape(qkv, [B·heads, c, 3,
 * T])}, or each {@code reshape(image, [B·heads, c, T])}.
 */
final class AttentionRecogniser {

    /** Ops that q, k and v come from. */
    private static final Set<String> SOURCES = Set.of("unstack", "reshape");

    private AttentionRecogniser() {}

    /** The ops of an attention, found by how they are wired. */
    private record Wiring(SameDiffOp mixed, SameDiffOp softmax, SameDiffOp scaled, SameDiffOp scores) {

        /** Names of q, k and v. */
        List<String> parts() {
            return List.of(GraphView.input(scores, 0), GraphView.input(scores, 1), GraphView.input(mixed, 0));
        }
    }

    /** The ops inside what is wired like an attention and ends in an op; none if it is not. */
    static List<SameDiffOp> inner(GraphView view, SameDiffOp back) {
        Wiring w = wiring(view, back);
        if (w == null) {
            return List.of();
        }
        List<SameDiffOp> inner = new ArrayList<>(List.of(w.mixed, w.softmax, w.scaled, w.scores));
        for (String part : w.parts()) {
            SameDiffOp source = view.producer(part);
            if (source != null && SOURCES.contains(GraphView.name(source))) {
                inner.add(source);
            }
        }
        return inner;
    }

    static Value read(Reading graph, SameDiffOp back) {
        Wiring wiring = wiring(graph.view(), back);
        if (wiring == null) {
            return null;
        }
        List<Value> sources = new ArrayList<>();
        long[] shape = interleaved(graph, wiring.parts(), sources);
        if (shape == null) {
            sources.clear();
            shape = separate(graph, wiring.parts(), sources);
        }
        return shape == null || Math.abs(GraphView.number(wiring.scaled()) * Math.sqrt(shape[1]) - 1) >= 1e-6
                ? null
                : emit(graph, back, sources, shape);
    }

    private static Wiring wiring(GraphView view, SameDiffOp back) {
        SameDiffOp mixed = view.producer(GraphView.input(back, 0), "matmul");
        SameDiffOp softmax = mixed == null ? null : view.producer(GraphView.input(mixed, 1), "softmax");
        SameDiffOp scaled = softmax == null ? null : view.producer(GraphView.input(softmax, 0), "mul_scalar");
        SameDiffOp scores = scaled == null ? null : view.producer(GraphView.input(scaled, 0), "matmul");
        boolean wired = scores != null
                && overLastAxis(softmax)
                && GraphView.hasFixedNumber(scaled)
                && DenseRecogniser.isTransposed(scores, true, false)
                && DenseRecogniser.isTransposed(mixed, false, true);
        return wired ? new Wiring(mixed, softmax, scaled, scores) : null;
    }

    /** Axis 2 of three; SameDiff's softmax takes the last one if it is given none. */
    private static boolean overLastAxis(SameDiffOp softmax) {
        long[] axis = GraphView.integers(softmax);
        return axis.length == 1 && (axis[0] == 2 || axis[0] == -1);
    }

    private static Value emit(Reading graph, SameDiffOp back, List<Value> sources, long[] shape) {
        Value first = sources.get(0);
        long heads = shape[0] / graph.batch();
        long channels = heads * shape[1];
        long[] result = GraphView.reshapeTarget(back, graph.batch() * channels * first.pixels());
        boolean fits = shape[0] % graph.batch() == 0
                && shape[shape.length - 1] == first.pixels()
                && Arrays.equals(result, new long[] {graph.batch(), channels, first.height(), first.width()});
        return fits ? graph.emit(Attention.of(GraphView.output(back), sources, (int) heads)) : null;
    }

    /** The shape {@code [B·heads, c, 3, T]} that q, k and v are unstacked from; null if it is not so. */
    private static long[] interleaved(Reading graph, List<String> parts, List<Value> sources) {
        SameDiffOp unstack = graph.view().producer(parts.get(0), "unstack");
        SameDiffOp joined = unstack == null ? null : graph.view().producer(GraphView.input(unstack, 0), "reshape");
        Value qkv = joined == null ? null : graph.image(GraphView.input(joined, 0));
        if (qkv == null) {
            return null;
        }
        long[] shape = GraphView.reshapeTarget(joined, graph.batch() * qkv.elements());
        boolean fits = shape != null
                && shape.length == 4
                && shape[2] == 3
                && GraphView.integers(unstack).length > 0
                && GraphView.integers(unstack)[0] == 2
                && unstack.getOutputsOfOp().equals(parts)
                && shape[0] % graph.batch() == 0
                && shape[0] / graph.batch() * shape[1] * 3 == qkv.channels();
        sources.add(qkv);
        return fits ? shape : null;
    }

    /** The shape {@code [B·heads, c, T]} that three images are brought to; null if it is not so. */
    private static long[] separate(Reading graph, List<String> parts, List<Value> sources) {
        long[] shape = null;
        for (String part : parts) {
            SameDiffOp reshape = graph.view().producer(part, "reshape");
            Value image = reshape == null ? null : graph.image(GraphView.input(reshape, 0));
            long[] own = image == null ? null : GraphView.reshapeTarget(reshape, graph.batch() * image.elements());
            boolean fits = own != null
                    && own.length == 3
                    && (shape == null || Arrays.equals(shape, own))
                    && own[0] % graph.batch() == 0
                    && own[0] / graph.batch() * own[1] == image.channels();
            if (!fits || !sources.isEmpty() && !sources.get(0).sameShape(image)) {
                return null;
            }
            shape = own;
            sources.add(image);
        }
        return shape;
    }
}

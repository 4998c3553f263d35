package org.patchdiffusion.model.engine.compiled.read;

import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.patchdiffusion.model.engine.compiled.ir.Adapt;
import org.patchdiffusion.model.engine.compiled.ir.Norm;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/** {@code norm · (reshape(scale) + 1) + reshape(offset)} with {@code [scale, offset] = split(vector, 2)} behind a group norm. */
final class AdaptRecogniser {

    private AdaptRecogniser() {}

    static Value read(Reading graph, SameDiffOp add) {
        GraphView view = graph.view();
        SameDiffOp product = view.producer(GraphView.input(add, 0), "multiply");
        SameDiffOp factor = product == null ? null : view.producer(GraphView.input(product, 1), "add_scalar");
        if (factor == null || !GraphView.hasFixedNumber(factor) || GraphView.number(factor) != 1) {
            return null;
        }
        Value x = graph.image(GraphView.input(product, 0));
        boolean norm = x != null && graph.maker(x) instanceof Norm;
        SameDiffOp scale = norm ? half(graph, GraphView.input(factor, 0), 0, x) : null;
        SameDiffOp offset = norm ? half(graph, GraphView.input(add, 1), 1, x) : null;
        if (scale == null || scale != offset) {
            return null;
        }
        Value vector = graph.split(GraphView.input(scale, 0));
        return vector == null || vector.rank() != 2 || vector.channels() != 2 * x.channels()
                ? null
                : graph.emit(new Adapt(x.like(GraphView.output(add), true), x, vector));
    }

    /** The split in two of which {@code reshape(part, [B, C, 1, 1])} is a part, or null. */
    private static SameDiffOp half(Reading graph, String variable, int part, Value x) {
        SameDiffOp reshape = graph.view().producer(variable, "reshape");
        SameDiffOp split = reshape == null ? null : graph.view().producer(GraphView.input(reshape, 0), "split");
        if (split == null || GraphView.inputs(split).size() != 1) {
            return null;
        }
        long[] settings = GraphView.integers(split);
        long[] shape = GraphView.reshapeTarget(reshape, graph.batch() * x.channels());
        boolean fits = settings.length == 2
                && settings[0] == 2
                && settings[1] == 1
                && split.getOutputsOfOp().get(part).equals(GraphView.input(reshape, 0))
                && java.util.Arrays.equals(shape, new long[] {graph.batch(), x.channels(), 1, 1});
        return fits ? split : null;
    }
}

package org.patchdiffusion.model.engine.compiled.read;

import java.util.List;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.engine.compiled.ir.Concat;
import org.patchdiffusion.model.engine.compiled.ir.Pad;
import org.patchdiffusion.model.engine.compiled.ir.Reshape;
import org.patchdiffusion.model.engine.compiled.ir.Upsample;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/** Single ops that move numbers about. */
final class ShapeRecognisers {

    private ShapeRecognisers() {}

    /** {@code upsampling2d} by one whole factor. */
    static Value upsample(Reading graph, SameDiffOp op) {
        Value x = graph.image(GraphView.input(op, 0));
        long[] a = GraphView.integers(op);
        boolean even = a.length == 3 && a[0] == a[1] && a[0] >= 1 && a[0] <= Short.MAX_VALUE && a[2] == 1;
        return x == null || !even ? null : graph.emit(Upsample.of(GraphView.output(op), x, (int) a[0]));
    }

    /** {@code pad} with zeros above, below, before and behind the pixels. */
    static Value pad(Reading graph, SameDiffOp op) {
        Value x = graph.image(GraphView.input(op, 0));
        INDArray margins = GraphView.inputs(op).size() == 2 ? graph.constant(GraphView.input(op, 1)) : null;
        long[] mode = GraphView.integers(op);
        double[] number = GraphView.numbers(op);
        boolean zeros = mode.length == 1 && mode[0] == 0 && (number.length == 0 || number[0] == 0);
        if (x == null || margins == null || !zeros || margins.length() != 8) {
            return null;
        }
        int[] m = margins.dup('c').data().asInt();
        boolean pixelsOnly = m[0] == 0 && m[1] == 0 && m[2] == 0 && m[3] == 0;
        boolean outward = m[4] >= 0 && m[5] >= 0 && m[6] >= 0 && m[7] >= 0;
        return pixelsOnly && outward
                ? graph.emit(Pad.of(GraphView.output(op), x, new Pad.Margins(m[4], m[6], m[5], m[7])))
                : null;
    }

    /** {@code concat} of the channels of images. */
    static Value concat(Reading graph, SameDiffOp op) {
        long[] axis = GraphView.integers(op);
        if (axis.length != 1 || axis[0] != 1 && axis[0] != -3) {
            return null;
        }
        List<Value> parts = GraphView.inputs(op).stream().map(graph::value).toList();
        Value first = parts.get(0);
        boolean fit =
                parts.stream().allMatch(p -> p.isImage() && p.height() == first.height() && p.width() == first.width());
        return fit ? graph.emit(Concat.of(GraphView.output(op), parts)) : null;
    }

    /** {@code reshape} that keeps the batch axis. */
    static Value reshape(Reading graph, SameDiffOp op) {
        Value x = graph.split(GraphView.input(op, 0));
        long[] shape = x == null ? null : GraphView.reshapeTarget(op, graph.batch() * x.elements());
        return shape == null || shape.length == 0 || shape[0] != graph.batch()
                ? null
                : graph.emit(Reshape.of(GraphView.output(op), x, shape));
    }
}

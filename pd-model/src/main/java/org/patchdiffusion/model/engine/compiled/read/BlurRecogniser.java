package org.patchdiffusion.model.engine.compiled.read;

import java.util.Arrays;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.engine.compiled.ir.Blur;
import org.patchdiffusion.model.engine.compiled.ir.SeparableFilter;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/** {@code reshape(conv2d(reshape(x, [B·C, 1, H, W]), constant [k, k, 1, 1]), [B, C, H′, W′])}. */
final class BlurRecogniser {

    private BlurRecogniser() {}

    static Value read(Reading graph, SameDiffOp back) {
        SameDiffOp conv = graph.view().producer(GraphView.input(back, 0), "conv2d");
        SameDiffOp planes = conv == null || GraphView.inputs(conv).size() != 2
                ? null
                : graph.view().producer(GraphView.input(conv, 0), "reshape");
        Value x = planes == null ? null : graph.image(GraphView.input(planes, 0));
        INDArray kernel = x == null ? null : graph.constant(GraphView.input(conv, 1));
        if (kernel == null || !isPlain(GraphView.integers(conv))) {
            return null;
        }
        int size = (int) GraphView.integers(conv)[0];
        int padding = (int) GraphView.integers(conv)[4];
        long[] apart = GraphView.reshapeTarget(planes, graph.batch() * x.elements());
        SeparableFilter filter = Arrays.equals(kernel.shape(), new long[] {size, size, 1, 1})
                ? SeparableFilter.of(kernel.dup('c').data().asFloat(), size)
                : null;
        long[] eachAlone = {graph.batch() * x.channels(), 1, x.height(), x.width()};
        if (filter == null || !Arrays.equals(apart, eachAlone)) {
            return null;
        }
        int height = x.height() + 2 * padding - size + 1;
        int width = x.width() + 2 * padding - size + 1;
        long[] together = {graph.batch(), x.channels(), height, width};
        boolean fits = height > 0
                && width > 0
                && Arrays.equals(
                        GraphView.reshapeTarget(back, graph.batch() * x.channels() * (long) height * width), together);
        return fits ? graph.emit(Blur.of(GraphView.output(back), x, filter, padding)) : null;
    }

    /** A square kernel, stride and dilation 1, explicit padding narrower than the kernel, NCHW and YXIO. */
    private static boolean isPlain(long[] a) {
        return a.length == 11
                && a[0] == a[1]
                && a[2] == 1
                && a[3] == 1
                && a[4] == a[5]
                && a[4] < a[0]
                && a[6] == 1
                && a[7] == 1
                && a[8] == 0
                && a[9] == 0
                && a[10] == 0;
    }
}

package org.patchdiffusion.model.engine.compiled.read;

import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.patchdiffusion.model.engine.compiled.ir.Pool;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.compiled.ir.Window;

/** {@code maxpool2d} or {@code avgpool2d} of an image. */
final class PoolRecogniser {

    private PoolRecogniser() {}

    static Value read(Reading graph, SameDiffOp op) {
        Value x = graph.image(GraphView.input(op, 0));
        // ..., divisor of a mean (0: pixels inside the image, 1: all), data format
        long[] settings = GraphView.integers(op);
        if (x == null || settings.length != 11 || settings[10] != 0 || settings[6] != 1 || settings[7] != 1) {
            return null;
        }
        Window window = Windows.read(settings, x);
        if (window == null || !everyWindowMeetsTheImage(window)) {
            return null;
        }
        boolean max = GraphView.name(op).equals("maxpool2d");
        Pool.Kind kind = max
                ? Pool.Kind.MAX
                : settings[9] == 0 ? Pool.Kind.AVERAGE_WITHOUT_PADDING : Pool.Kind.AVERAGE_WITH_PADDING;
        return graph.emit(Pool.of(GraphView.output(op), x, kind, window));
    }

    private static boolean everyWindowMeetsTheImage(Window w) {
        return w.top() < w.kernelHeight()
                && w.bottom() < w.kernelHeight()
                && w.left() < w.kernelWidth()
                && w.right() < w.kernelWidth();
    }
}

package org.patchdiffusion.model.engine.compiled.read;

import java.util.List;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.patchdiffusion.model.engine.compiled.ir.Conv;
import org.patchdiffusion.model.engine.compiled.ir.Pad;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.compiled.ir.Window;

/** {@code conv2d} of an image with a kernel, and a bias if there is one, that are parameters. */
final class ConvRecogniser {

    private ConvRecogniser() {}

    static Value read(Reading graph, SameDiffOp op) {
        List<String> inputs = GraphView.inputs(op);
        Value x = graph.image(inputs.get(0));
        boolean parameters = inputs.size() <= 3 && inputs.stream().skip(1).allMatch(graph.view()::isParameter);
        long[] settings = GraphView.integers(op);
        if (x == null || !parameters || settings.length != 11 || settings[9] != 0 || settings[10] != 0) {
            return null;
        }
        Window window = Windows.read(settings, x);
        long[] kernel = graph.view().parameterShape(inputs.get(1));
        boolean fits = window != null
                && kernel.length == 4
                && kernel[0] == window.kernelHeight()
                && kernel[1] == window.kernelWidth()
                && kernel[2] == x.channels();
        String bias = inputs.size() == 3 ? inputs.get(2) : null;
        if (!fits || bias != null && graph.view().parameterLength(bias) != kernel[3]) {
            return null;
        }
        return narrow(graph, GraphView.output(op), x, inputs.get(1), kernel[3], bias, window);
    }

    /** oneDNN has only reference gradients for paddings wider than half the kernel: what is more goes before it. */
    private static Value narrow(
            Reading graph, String name, Value x, String kernel, long out, String bias, Window window) {
        int halfHeight = Window.reach(window.kernelHeight(), window.dilationHeight()) / 2;
        int halfWidth = Window.reach(window.kernelWidth(), window.dilationWidth()) / 2;
        Pad.Margins excess = new Pad.Margins(
                Math.max(0, window.top() - halfHeight),
                Math.max(0, window.left() - halfWidth),
                Math.max(0, window.bottom() - halfHeight),
                Math.max(0, window.right() - halfWidth));
        if (excess.isEmpty()) {
            return graph.emit(Conv.of(name, x, kernel, out, bias, window));
        }
        Value padded = graph.emit(Pad.of(name + " padded", x, excess));
        Window rest = window.withoutPadding(excess.top(), excess.left(), excess.bottom(), excess.right());
        return graph.emit(Conv.of(name, padded, kernel, out, bias, rest));
    }
}

package org.patchdiffusion.model.engine.compiled.lower;

import java.util.List;
import org.patchdiffusion.model.engine.compiled.ir.Pad;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.compiled.kernel.Floats;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.Step;

/** Puts zeros around every channel of a blocked tensor, and cuts them off again. */
final class PadLowering {
    private final long planes;
    private final int height;
    private final int paddedHeight;
    private final int top;
    /** Floats in a row of the small side, before it, and in a row of the large side. */
    private final int row;

    private final int before;
    private final int paddedRow;

    private PadLowering(Lowering lowering, Value small, Value large, Pad.Margins margins) {
        int lanes = lowering.oneDnn().lanes();
        planes = (long) lowering.batch() * small.map().physical() / lanes;
        height = small.height();
        paddedHeight = large.height();
        top = margins.top();
        row = small.width() * lanes;
        before = margins.left() * lanes;
        paddedRow = large.width() * lanes;
    }

    static void forward(Lowering lowering, Pad node) {
        PadLowering pad = new PadLowering(lowering, node.x(), node.output(), node.margins());
        Buffer x = lowering.of(node.x());
        Buffer y = lowering.define(node.output());
        lowering.step("pad", Step.Kind.REORDER, 0, List.of(x), List.of(y), memory -> {
            Floats source = memory.floats(x);
            Floats target = memory.floats(y);
            float[] zeros = new float[pad.paddedRow];
            float[] padded = new float[pad.paddedRow];
            return () -> pad.surround(source, target, zeros, padded);
        });
    }

    static void gradient(Lowering lowering, Pad.Gradient node) {
        PadLowering pad = new PadLowering(lowering, node.output(), node.x(), node.margins());
        Buffer dy = lowering.of(node.x());
        Buffer dx = lowering.define(node.output());
        lowering.step("pad backward", Step.Kind.REORDER, 0, List.of(dy), List.of(dx), memory -> {
            Floats source = memory.floats(dy);
            Floats target = memory.floats(dx);
            float[] inner = new float[pad.row];
            return () -> pad.cut(source, target, inner);
        });
    }

    private void surround(Floats source, Floats target, float[] zeros, float[] padded) {
        for (long at = 0; at < planes * paddedHeight; at++) {
            long inside = at % paddedHeight - top;
            boolean empty = inside < 0 || inside >= height;
            if (!empty) {
                source.get((at / paddedHeight * height + inside) * row, padded, before, row);
            }
            target.put(at * paddedRow, empty ? zeros : padded, 0, paddedRow);
        }
    }

    private void cut(Floats source, Floats target, float[] inner) {
        for (long at = 0; at < planes * height; at++) {
            long padded = at / height * paddedHeight + top + at % height;
            source.get(padded * paddedRow + before, inner, 0, row);
            target.put(at * row, inner, 0, row);
        }
    }
}

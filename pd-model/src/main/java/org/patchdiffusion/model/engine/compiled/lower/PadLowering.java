package org.patchdiffusion.model.engine.compiled.lower;

import java.util.List;
import org.patchdiffusion.model.engine.compiled.ir.Pad;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.compiled.kernel.Numbers;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.Step;

/** Puts zeros around every channel of a blocked tensor, and cuts them off again. */
final class PadLowering {
    private final long planes;
    private final int height;
    private final int paddedHeight;
    private final int top;
    /** Numbers in a row of the small side, before it, and in a row of the large side. */
    private final int row;

    private final int before;
    private final int paddedRow;

    private PadLowering(Lowering lowering, Value small, Value large, Pad.Margins margins) {
        int lanes = small.map().lanes();
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
            Numbers source = memory.numbers(x);
            Numbers target = memory.numbers(y);
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
            Numbers source = memory.numbers(dy);
            Numbers target = memory.numbers(dx);
            float[] inner = new float[pad.row];
            return () -> pad.cut(source, target, inner);
        });
    }

    private void surround(Numbers source, Numbers target, float[] zeros, float[] padded) {
        for (long at = 0; at < planes * paddedHeight; at++) {
            long inside = at % paddedHeight - top;
            boolean empty = inside < 0 || inside >= height;
            if (!empty) {
                source.getInOrder((at / paddedHeight * height + inside) * row, padded, before, row);
            }
            target.putInOrder(at * paddedRow, empty ? zeros : padded, 0, paddedRow);
        }
    }

    private void cut(Numbers source, Numbers target, float[] inner) {
        for (long at = 0; at < planes * height; at++) {
            long padded = at / height * paddedHeight + top + at % height;
            source.getInOrder(padded * paddedRow + before, inner, 0, row);
            target.putInOrder(at * row, inner, 0, row);
        }
    }
}

package org.patchdiffusion.model.engine.compiled;

import java.nio.FloatBuffer;
import java.util.List;

/** Puts zeros around every channel of a blocked tensor; backward crops. */
final class PadLowering implements NodeLowering {
    private final Lowering lowering;
    private final Node.Pad node;
    private final int planes;
    private final int height;
    private final int margin;
    /** Floats in a row of the small side, in its margin, and in a row of the large side. */
    private final int row;

    private final int border;
    private final int paddedRow;

    PadLowering(Lowering lowering, Node.Pad node) {
        this.lowering = lowering;
        this.node = node;
        int lanes = lowering.oneDnn().lanes();
        planes = lowering.batch() * node.x().map().physical() / lanes;
        height = node.x().height;
        margin = node.margin();
        row = node.x().width * lanes;
        border = margin * lanes;
        paddedRow = row + 2 * border;
    }

    @Override
    public void forward() {
        Buffer x = lowering.of(node.x());
        Buffer y = lowering.define(node.output());
        lowering.step("pad", Step.Kind.REORDER, 0, List.of(x), List.of(y), memory -> {
            FloatBuffer source = memory.floats(x);
            FloatBuffer target = memory.floats(y);
            float[] zeros = new float[paddedRow];
            float[] padded = new float[paddedRow];
            return () -> {
                for (int at = 0; at < planes * (height + 2 * margin); at++) {
                    int inside = at % (height + 2 * margin) - margin;
                    boolean empty = inside < 0 || inside >= height;
                    if (!empty) {
                        int plane = at / (height + 2 * margin);
                        source.get((plane * height + inside) * row, padded, border, row);
                    }
                    target.put(at * paddedRow, empty ? zeros : padded, 0, paddedRow);
                }
            };
        });
    }

    @Override
    public void backward() {
        Buffer dy = lowering.gradient(node.output());
        Buffer dx = lowering.allocate("d " + node.x().name, node.x());
        lowering.step("pad backward", Step.Kind.REORDER, 0, List.of(dy), List.of(dx), memory -> {
            FloatBuffer source = memory.floats(dy);
            FloatBuffer target = memory.floats(dx);
            float[] inner = new float[row];
            return () -> {
                for (int at = 0; at < planes * height; at++) {
                    int padded = at / height * (height + 2 * margin) + margin + at % height;
                    source.get(padded * paddedRow + border, inner, 0, row);
                    target.put(at * row, inner, 0, row);
                }
            };
        });
        lowering.contribute(node.x(), dx);
    }
}

package org.patchdiffusion.model.engine.compiled;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * A fixed filter over each channel of a blocked tensor, row by row: first the sum over rows, between zeros for the
 * padding, then the sum over columns. Backward is the same with the filter turned round and the padding that restores the
 * size.
 */
final class BlurLowering implements NodeLowering {
    private final Lowering lowering;
    private final Node.Blur node;
    private final int lanes;
    private final int planes;

    BlurLowering(Lowering lowering, Node.Blur node) {
        this.lowering = lowering;
        this.node = node;
        this.lanes = lowering.oneDnn().lanes();
        this.planes = lowering.batch() * node.x().map().physical() / lanes;
    }

    @Override
    public void forward() {
        Buffer x = lowering.of(node.x());
        Buffer y = lowering.define(node.output());
        filter("blur", node.x(), x, node.filter(), node.padding(), node.output(), y);
    }

    @Override
    public void backward() {
        Buffer dy = lowering.gradient(node.output());
        Buffer dx = lowering.allocate("d " + node.x().name, node.x());
        int padding = node.filter().size() - 1 - node.padding();
        filter("blur backward", node.output(), dy, node.filter().reversed(), padding, node.x(), dx);
        lowering.contribute(node.x(), dx);
    }

    private void filter(
            String label, Value from, Buffer source, SeparableFilter filter, int padding, Value to, Buffer target) {
        lowering.step(label, Step.Kind.POINTWISE, 0, List.of(source), List.of(target), memory -> {
            FloatBuffer in = memory.floats(source);
            FloatBuffer out = memory.floats(target);
            Rows rows = new Rows(filter, padding, from.height, from.width * lanes, to.width * lanes);
            return () -> {
                for (int plane = 0; plane < planes; plane++) {
                    for (int y = 0; y < to.height; y++) {
                        rows.filter(in, plane, y);
                        out.put((plane * to.height + y) * rows.result.length, rows.result, 0, rows.result.length);
                    }
                }
            };
        });
    }

    /** Computes one row of the output at a time. */
    private final class Rows {
        private final SeparableFilter filter;
        private final int padding;
        private final int height;
        private final float[] row;
        private final float[] sum;
        private final float[] padded;
        private final float[] shifted;
        private final float[] result;

        Rows(SeparableFilter filter, int padding, int height, int rowFloats, int resultFloats) {
            this.filter = filter;
            this.padding = padding;
            this.height = height;
            row = new float[rowFloats];
            sum = new float[rowFloats];
            padded = new float[rowFloats + 2 * padding * lanes];
            shifted = new float[resultFloats];
            result = new float[resultFloats];
        }

        void filter(FloatBuffer in, int plane, int y) {
            Arrays.fill(sum, 0f);
            for (int k = 0; k < filter.size(); k++) {
                int source = y + k - padding;
                if (source >= 0 && source < height) {
                    in.get((plane * height + source) * row.length, row, 0, row.length);
                    Loops.multiplyAdd(row, filter.vertical()[k], sum, row.length);
                }
            }
            System.arraycopy(sum, 0, padded, padding * lanes, sum.length);
            Arrays.fill(result, 0f);
            for (int k = 0; k < filter.size(); k++) {
                System.arraycopy(padded, k * lanes, shifted, 0, shifted.length);
                Loops.multiplyAdd(shifted, filter.horizontal()[k], result, result.length);
            }
        }
    }
}

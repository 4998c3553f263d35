package org.patchdiffusion.model.engine.compiled.lower;

import java.util.Arrays;
import java.util.List;
import org.patchdiffusion.model.engine.compiled.ir.Blur;
import org.patchdiffusion.model.engine.compiled.ir.SeparableFilter;
import org.patchdiffusion.model.engine.compiled.kernel.Loops;
import org.patchdiffusion.model.engine.compiled.kernel.Numbers;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.Step;

/**
 * A fixed filter over each channel of a blocked tensor, row by row: first the sum over rows, between zeros for the
 * padding, then the sum over columns.
 */
final class BlurLowering {

    private BlurLowering() {}

    static void forward(Lowering lowering, Blur node) {
        Buffer x = lowering.of(node.x());
        Buffer y = lowering.define(node.output());
        int lanes = node.x().map().lanes();
        long planes = (long) lowering.batch() * node.x().map().physical() / lanes;
        int height = node.output().height();
        lowering.step("blur", Step.Kind.POINTWISE, 0, List.of(x), List.of(y), memory -> {
            Numbers in = memory.numbers(x);
            Numbers out = memory.numbers(y);
            Rows rows = new Rows(node, lanes);
            return () -> {
                for (long plane = 0; plane < planes; plane++) {
                    for (int row = 0; row < height; row++) {
                        rows.filter(in, plane, row);
                        out.putInOrder((plane * height + row) * rows.result.length, rows.result, 0, rows.result.length);
                    }
                }
            };
        });
    }

    /** Computes one row of the output at a time. */
    private static final class Rows {
        private final SeparableFilter filter;
        private final int padding;
        private final int lanes;
        private final int height;
        private final float[] row;
        private final float[] sum;
        private final float[] padded;
        private final float[] shifted;
        private final float[] result;

        Rows(Blur node, int lanes) {
            this.filter = node.filter();
            this.padding = node.padding();
            this.lanes = lanes;
            this.height = node.x().height();
            row = new float[node.x().width() * lanes];
            sum = new float[row.length];
            padded = new float[row.length + 2 * padding * lanes];
            shifted = new float[node.output().width() * lanes];
            result = new float[shifted.length];
        }

        void filter(Numbers in, long plane, int y) {
            Arrays.fill(sum, 0f);
            for (int k = 0; k < filter.size(); k++) {
                int source = y + k - padding;
                if (source >= 0 && source < height) {
                    in.getInOrder((plane * height + source) * row.length, row, 0, row.length);
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

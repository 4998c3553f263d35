package org.patchdiffusion.model.engine.compiled.lower;

import java.util.Arrays;
import java.util.List;
import org.patchdiffusion.model.engine.compiled.ir.Upsample;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.compiled.kernel.Floats;
import org.patchdiffusion.model.engine.compiled.kernel.Loops;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.Step;

/** Nearest-neighbour enlargement of a blocked tensor and the sums that undo it, row by row. */
final class UpsampleLowering {
    private final int lanes;
    private final int factor;
    /** Width of the small side, and rows of it over all images and blocks. */
    private final int width;

    private final long rows;

    private UpsampleLowering(Lowering lowering, Value small, int factor) {
        this.lanes = lowering.oneDnn().lanes();
        this.factor = factor;
        this.width = small.width();
        this.rows = (long) lowering.batch() * small.map().physical() / lanes * small.height();
    }

    static void forward(Lowering lowering, Upsample node) {
        UpsampleLowering upsample = new UpsampleLowering(lowering, node.x(), node.factor());
        Buffer x = lowering.of(node.x());
        Buffer y = lowering.define(node.output());
        lowering.step("upsample", Step.Kind.POINTWISE, 0, List.of(x), List.of(y), memory -> {
            Floats from = memory.floats(x);
            Floats to = memory.floats(y);
            return () -> upsample.expand(from, to);
        });
    }

    static void gradient(Lowering lowering, Upsample.Gradient node) {
        UpsampleLowering upsample = new UpsampleLowering(lowering, node.output(), node.factor());
        Buffer dy = lowering.of(node.dy());
        Buffer dx = lowering.define(node.output());
        lowering.step("upsample backward", Step.Kind.POINTWISE, 0, List.of(dy), List.of(dx), memory -> {
            Floats from = memory.floats(dy);
            Floats to = memory.floats(dx);
            float[] large = new float[factor(node) * node.output().width() * upsample.lanes];
            float[] sum = new float[large.length];
            float[] small = new float[node.output().width() * upsample.lanes];
            return () -> upsample.collect(from, to, large, sum, small);
        });
    }

    private static int factor(Upsample.Gradient node) {
        return node.factor();
    }

    private void expand(Floats from, Floats to) {
        float[] in = new float[width * lanes];
        float[] out = new float[factor * width * lanes];
        for (long row = 0; row < rows; row++) {
            from.get(row * in.length, in, 0, in.length);
            for (int pixel = 0; pixel < width; pixel++) {
                for (int k = 0; k < factor; k++) {
                    System.arraycopy(in, pixel * lanes, out, (factor * pixel + k) * lanes, lanes);
                }
            }
            for (int k = 0; k < factor; k++) {
                to.put((factor * row + k) * out.length, out, 0, out.length);
            }
        }
    }

    private void collect(Floats from, Floats to, float[] large, float[] sum, float[] small) {
        for (long row = 0; row < rows; row++) {
            from.get(factor * row * large.length, sum, 0, large.length);
            for (int k = 1; k < factor; k++) {
                from.get((factor * row + k) * large.length, large, 0, large.length);
                Loops.add(sum, large, sum, large.length);
            }
            Arrays.fill(small, 0f);
            for (int pixel = 0; pixel < factor * width; pixel++) {
                addPixel(sum, pixel * lanes, small, pixel / factor * lanes);
            }
            to.put(row * small.length, small, 0, small.length);
        }
    }

    private void addPixel(float[] in, int from, float[] out, int to) {
        for (int lane = 0; lane < lanes; lane++) {
            out[to + lane] += in[from + lane];
        }
    }
}

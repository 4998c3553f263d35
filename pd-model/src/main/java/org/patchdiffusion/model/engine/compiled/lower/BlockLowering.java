package org.patchdiffusion.model.engine.compiled.lower;

import java.util.List;
import org.patchdiffusion.model.engine.compiled.ir.Upsample;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.compiled.kernel.Loops;
import org.patchdiffusion.model.engine.compiled.kernel.Numbers;
import org.patchdiffusion.model.engine.compiled.kernel.TileOrder;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.Step;

/**
 * Squares of pixels of a tensor in blocks of channels, row by row: each pixel spread over a square (nearest-neighbour enlargement), or the
 * sums of squares (its gradient; a mean where pooling neither overlaps nor pads).
 */
final class BlockLowering {
    private final int lanes;
    private final int side;
    private final float factor;
    /** Width of the small side, twice if the halves of its channels follow each other, and rows over all images and blocks. */
    private final int width;

    private final long rows;
    private final float[] small;
    private final float[] large;
    private final float[] sum;

    private BlockLowering(Lowering lowering, Value small, int side, float factor) {
        TileOrder order = TileOrder.of(small);
        this.lanes = order.lanes() / order.pieces();
        this.side = side;
        this.factor = factor;
        this.width = small.width() * order.pieces();
        this.rows = (long) lowering.batch() * small.map().physical() / order.lanes() * small.height();
        this.small = new float[width * lanes];
        this.large = new float[side * width * lanes];
        this.sum = new float[large.length];
    }

    static void forward(Lowering lowering, Upsample node) {
        spread(lowering, "upsample", node.x(), node.output(), node.factor(), 1f);
    }

    static void gradient(Lowering lowering, Upsample.Gradient node) {
        collect(lowering, "upsample backward", node.x(), node.output(), node.factor(), 1f);
    }

    /** Gives every pixel of a square the number of its one pixel, times a factor. */
    static void spread(Lowering lowering, String label, Value from, Value to, int side, float factor) {
        BlockLowering squares = new BlockLowering(lowering, from, side, factor);
        Buffer source = lowering.of(from);
        Buffer target = lowering.define(to);
        lowering.step(label, Step.Kind.POINTWISE, 0, List.of(source), List.of(target), memory -> {
            Numbers in = memory.numbers(source);
            Numbers out = memory.numbers(target);
            return () -> squares.spread(in, out);
        });
    }

    /** Sums the pixels of each square, times a factor. */
    static void collect(Lowering lowering, String label, Value from, Value to, int side, float factor) {
        BlockLowering squares = new BlockLowering(lowering, to, side, factor);
        Buffer source = lowering.of(from);
        Buffer target = lowering.define(to);
        lowering.step(label, Step.Kind.POINTWISE, 0, List.of(source), List.of(target), memory -> {
            Numbers in = memory.numbers(source);
            Numbers out = memory.numbers(target);
            return () -> squares.collect(in, out);
        });
    }

    private void spread(Numbers from, Numbers to) {
        for (long row = 0; row < rows; row++) {
            from.get(row * small.length, small, 0, small.length);
            Loops.scale(small, factor, small, small.length);
            for (int pixel = 0; pixel < width; pixel++) {
                for (int k = 0; k < side; k++) {
                    System.arraycopy(small, pixel * lanes, large, (side * pixel + k) * lanes, lanes);
                }
            }
            for (int k = 0; k < side; k++) {
                to.put((side * row + k) * large.length, large, 0, large.length);
            }
        }
    }

    private void collect(Numbers from, Numbers to) {
        for (long row = 0; row < rows; row++) {
            from.get(side * row * large.length, sum, 0, large.length);
            for (int k = 1; k < side; k++) {
                from.get((side * row + k) * large.length, large, 0, large.length);
                Loops.add(sum, large, sum, large.length);
            }
            for (int pixel = 0; pixel < width; pixel++) {
                copyPixel(side * pixel * lanes, pixel * lanes);
                for (int k = 1; k < side; k++) {
                    addPixel((side * pixel + k) * lanes, pixel * lanes);
                }
            }
            Loops.scale(small, factor, small, small.length);
            to.put(row * small.length, small, 0, small.length);
        }
    }

    private void copyPixel(int from, int to) {
        System.arraycopy(sum, from, small, to, lanes);
    }

    private void addPixel(int from, int to) {
        for (int lane = 0; lane < lanes; lane++) {
            small[to + lane] += sum[from + lane];
        }
    }
}

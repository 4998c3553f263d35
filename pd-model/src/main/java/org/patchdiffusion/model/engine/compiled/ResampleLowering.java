package org.patchdiffusion.model.engine.compiled;

import java.nio.FloatBuffer;
import java.util.List;

/** Nearest-neighbour doubling and 2×2 averaging of a blocked tensor, row by row. */
final class ResampleLowering implements NodeLowering {
    private final Lowering lowering;
    private final Node.Resample node;
    private final int lanes;
    /** Width of the small side, and rows of it over all images and blocks. */
    private final int width;

    private final int rows;

    ResampleLowering(Lowering lowering, Node.Resample node) {
        this.lowering = lowering;
        this.node = node;
        this.lanes = lowering.oneDnn().lanes();
        Value small = node.up() ? node.x() : node.output();
        this.width = small.width;
        this.rows = lowering.batch() * small.map().physical() / lanes * small.height;
    }

    @Override
    public void forward() {
        Buffer x = lowering.of(node.x());
        Buffer y = lowering.define(node.output());
        if (node.up()) {
            expand("upsample", x, y, 1f);
        } else {
            pool("downsample", x, y, 0.25f);
        }
    }

    @Override
    public void backward() {
        Buffer dy = lowering.gradient(node.output());
        Buffer dx = lowering.allocate("d " + node.x().name, node.x());
        if (node.up()) {
            pool("upsample backward", dy, dx, 1f);
        } else {
            expand("downsample backward", dy, dx, 0.25f);
        }
        lowering.contribute(node.x(), dx);
    }

    private void expand(String label, Buffer small, Buffer large, float factor) {
        lowering.step(label, Step.Kind.POINTWISE, 0, List.of(small), List.of(large), memory -> {
            FloatBuffer from = memory.floats(small);
            FloatBuffer to = memory.floats(large);
            float[] in = new float[width * lanes];
            float[] out = new float[2 * width * lanes];
            return () -> {
                for (int row = 0; row < rows; row++) {
                    from.get(row * in.length, in, 0, in.length);
                    Loops.scale(in, factor, in, in.length);
                    for (int pixel = 0; pixel < width; pixel++) {
                        System.arraycopy(in, pixel * lanes, out, 2 * pixel * lanes, lanes);
                        System.arraycopy(in, pixel * lanes, out, (2 * pixel + 1) * lanes, lanes);
                    }
                    to.put(2 * row * out.length, out, 0, out.length);
                    to.put((2 * row + 1) * out.length, out, 0, out.length);
                }
            };
        });
    }

    private void pool(String label, Buffer large, Buffer small, float factor) {
        lowering.step(label, Step.Kind.POINTWISE, 0, List.of(large), List.of(small), memory -> {
            FloatBuffer from = memory.floats(large);
            FloatBuffer to = memory.floats(small);
            float[] upper = new float[2 * width * lanes];
            float[] lower = new float[2 * width * lanes];
            float[] out = new float[width * lanes];
            return () -> {
                for (int row = 0; row < rows; row++) {
                    from.get(2 * row * upper.length, upper, 0, upper.length);
                    from.get((2 * row + 1) * lower.length, lower, 0, lower.length);
                    Loops.scaledAdd(upper, lower, factor, upper, upper.length);
                    for (int pixel = 0; pixel < width; pixel++) {
                        addPair(upper, 2 * pixel * lanes, out, pixel * lanes);
                    }
                    to.put(row * out.length, out, 0, out.length);
                }
            };
        });
    }

    private void addPair(float[] in, int from, float[] out, int to) {
        for (int lane = 0; lane < lanes; lane++) {
            out[to + lane] = in[from + lane] + in[from + lanes + lane];
        }
    }
}

package org.patchdiffusion.model.engine.compiled.lower;

import java.util.List;
import org.patchdiffusion.model.engine.DropoutDraws;
import org.patchdiffusion.model.engine.DropoutMask;
import org.patchdiffusion.model.engine.compiled.ir.Dropout;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.compiled.kernel.Numbers;
import org.patchdiffusion.model.engine.compiled.kernel.TileOrder;
import org.patchdiffusion.model.engine.compiled.kernel.Tiles;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.Step;

/** Dropout by counter: each tile's mask is hashed from the places of its elements, and forgotten. */
final class DropoutLowering {
    private final Dropout node;
    private final int batch;
    private final int firstImage;
    private final Tiles tiles;
    private final TileOrder order;
    private final long imageFloats;
    private final long blockFloats;
    /** Row-major place in the image of each element of a block's first tile. */
    private final int[][] places;

    private final int[] bits;

    private DropoutLowering(Lowering lowering, Dropout node) {
        this.node = node;
        this.batch = lowering.batch();
        this.firstImage = lowering.firstImage();
        this.tiles = lowering.tiles();
        Value x = node.x();
        this.order = TileOrder.of(x);
        this.imageFloats = x.physicalElements();
        this.blockFloats = x.blocked() ? (long) x.pixels() * order.lanes() : imageFloats;
        this.places = places(x);
        this.bits = new int[order.size()];
    }

    private int[][] places(Value x) {
        int[] channelAt = new int[x.blocked() ? x.physicalChannels() : 1];
        for (int c = 0; x.blocked() && c < x.channels(); c++) {
            channelAt[x.map().physical(c)] = c;
        }
        int[][] result = new int[(int) (imageFloats / blockFloats)][(int) Math.min(order.size(), blockFloats)];
        for (int block = 0; block < result.length; block++) {
            for (int i = 0; i < result[block].length; i++) {
                result[block][i] = channelAt[block * order.lanes() + order.channel(i)] * x.pixels() + order.pixel(i);
            }
        }
        return result;
    }

    static void lower(Lowering lowering, Dropout node) {
        DropoutLowering dropout = new DropoutLowering(lowering, node);
        Buffer x = lowering.of(node.x());
        Buffer y = lowering.define(node.output());
        lowering.step("dropout", Step.Kind.POINTWISE, 0, List.of(x), List.of(y), memory -> {
            Numbers in = memory.numbers(x);
            Numbers out = memory.numbers(y);
            return () -> dropout.run(in, out, memory.draws());
        });
    }

    private void run(Numbers in, Numbers out, DropoutDraws draws) {
        for (int image = 0; image < batch; image++) {
            int inBatch = draws.firstImage() + firstImage + image;
            long key = DropoutMask.key(draws.seed(), draws.step(), node.layer(), inBatch);
            for (int block = 0; block < places.length; block++) {
                run(in, out, image * imageFloats + block * blockFloats, places[block], key);
            }
        }
    }

    private void run(Numbers in, Numbers out, long start, int[] blockPlaces, long key) {
        int threshold = DropoutMask.threshold(node.rate());
        float scale = DropoutMask.scale(node.rate());
        for (long i = 0; i < blockFloats; i += order.size()) {
            int n = (int) Math.min(order.size(), blockFloats - i);
            in.get(start + i, tiles.x, 0, n);
            int add = (int) (i / order.lanes());
            DropoutMask.bits((int) key, (int) (key >>> 32), threshold, scale, blockPlaces, add, bits, n);
            multiply(tiles.x, bits, n);
            out.put(start + i, tiles.x, 0, n);
        }
    }

    private static void multiply(float[] x, int[] mask, int n) {
        for (int i = 0; i < n; i++) {
            x[i] *= Float.intBitsToFloat(mask[i]);
        }
    }
}

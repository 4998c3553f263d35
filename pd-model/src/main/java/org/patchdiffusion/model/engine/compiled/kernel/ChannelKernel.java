package org.patchdiffusion.model.engine.compiled.kernel;

import java.util.Arrays;
import java.util.function.IntConsumer;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/** Work on a tensor with one number for each channel, in blocks of channels or row-major; flat tensors have one pixel. */
public final class ChannelKernel {
    private final Tiles tiles;
    private final int batch;
    private final int channels;
    private final int pixels;
    private final TileOrder order;
    private final int physical;
    private final int[] place;
    private final float[] spread;
    /** Channel in its block of each number of a full tile, in the order of rows. */
    private final int[] column;

    /** A kernel for tensors in the layout of {@code value}. */
    public ChannelKernel(Value value, int batch, Tiles tiles) {
        this.tiles = tiles;
        this.batch = batch;
        channels = value.channels();
        pixels = value.pixels();
        order = TileOrder.of(value);
        physical = value.physicalChannels();
        place = new int[channels];
        for (int c = 0; c < channels; c++) {
            place[c] = value.blocked() ? order.row(value.map().physical(c)) : c;
        }
        spread = new float[physical];
        column = new int[order.size()];
        for (int i = 0; i < column.length; i++) {
            column[i] = order.row(order.channel(i));
        }
    }

    public int channels() {
        return channels;
    }

    /** Takes the sums of an image's channels. */
    @FunctionalInterface
    public interface Sums {
        void accept(int image, double[] sums);
    }

    /**
     * Maps each tile: x holds a piece of the input, a the numbers of its channels; what is in x afterwards is the output.
     *
     * @param in null if there is no input
     * @param prepare fills {@code row} for an image
     * @param row a number for each channel
     */
    public void map(Numbers in, Numbers out, IntConsumer prepare, float[] row, IntConsumer work) {
        for (int image = 0; image < batch; image++) {
            prepare.accept(image);
            for (int c = 0; c < channels; c++) {
                spread[place[c]] = row[c];
            }
            for (int block = 0; block < physical; block += order.lanes()) {
                long start = ((long) image * physical + block) * pixels;
                mapBlock(in, out, start, block, work);
            }
        }
    }

    private void mapBlock(Numbers in, Numbers out, long start, int block, IntConsumer work) {
        long floats = (long) pixels * order.lanes();
        order.repeat(spread, block, tiles.a, 0, (int) Math.min(order.size(), floats));
        for (long i = 0; i < floats; i += order.size()) {
            int n = (int) Math.min(order.size(), floats - i);
            if (in != null) {
                in.get(start + i, tiles.x, 0, n);
            }
            work.accept(n);
            out.put(start + i, tiles.x, 0, n);
        }
    }

    /** Sums {@code x}, or {@code x · y} if {@code y} is not null, over the pixels of each channel of each image. */
    public void sums(Numbers x, Numbers y, Sums target) {
        double[] all = new double[physical];
        double[] sums = new double[channels];
        for (int image = 0; image < batch; image++) {
            Arrays.fill(all, 0);
            for (int block = 0; block < physical; block += order.lanes()) {
                sumBlock(x, y, ((long) image * physical + block) * pixels, all, block);
            }
            for (int c = 0; c < channels; c++) {
                sums[c] = all[place[c]];
            }
            target.accept(image, sums);
        }
    }

    private void sumBlock(Numbers x, Numbers y, long start, double[] all, int block) {
        long floats = (long) pixels * order.lanes();
        for (long i = 0; i < floats; i += order.size()) {
            int n = (int) Math.min(order.size(), floats - i);
            x.get(start + i, tiles.x, 0, n);
            if (y != null) {
                y.get(start + i, tiles.y, 0, n);
                Loops.multiply(tiles.x, tiles.y, tiles.x, n);
            }
            for (int k = 0; k < n; k++) {
                all[block + column[k]] += tiles.x[k];
            }
        }
    }
}

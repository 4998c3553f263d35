package org.patchdiffusion.model.engine.compiled.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.patchdiffusion.model.engine.compiled.ir.ChannelMap;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/**
 * How a group norm goes over an image in blocks of channels: by runs of whole groups, in each by stretches of blocks that share a tile or
 * fill several. On its way it takes two sums for each channel.
 */
final class NormBlocks {

    /** Whole blocks of channels that hold whole groups: small enough to still be in the cache at the second pass. */
    record Run(int first, int end, int firstGroup, int endGroup) {}

    /** Of each physical channel: values, or gradients. */
    final float[] sums;

    /** Of each physical channel: squares of the values, or gradients times values. */
    final float[] products;

    private final Tiles tiles;
    private final TileOrder order;
    private final List<Run> runs;
    private final int physical;
    private final int groupChannels;
    private final int pixels;
    private final int blockFloats;

    /** Blocks of small images share a tile. */
    private final int blocksInTile;

    private final int repeat;
    private final int[] place;

    NormBlocks(int groups, Value x, Tiles tiles) {
        this.tiles = tiles;
        order = TileOrder.inOrder(x);
        physical = x.map().physical();
        groupChannels = x.channels() / groups;
        pixels = x.pixels();
        blockFloats = Math.multiplyExact(pixels, order.lanes());
        blocksInTile = Math.max(1, order.size() / blockFloats);
        repeat = Math.min(order.size(), blockFloats);
        place = new int[x.channels()];
        for (int c = 0; c < place.length; c++) {
            place[c] = order.row(x.map().physical(c));
        }
        sums = new float[physical];
        products = new float[physical];
        runs = runs(x.map(), groups);
    }

    private List<Run> runs(ChannelMap map, int groups) {
        if (!map.isDense() || blocksInTile > 1) {
            return List.of(new Run(0, physical, 0, groups));
        }
        int channels = place.length;
        int step = groupChannels * order.lanes() / gcd(groupChannels, order.lanes());
        List<Run> found = new ArrayList<>();
        for (int first = 0; first < channels; first += step) {
            int end = Math.min(channels, first + step);
            found.add(new Run(first, end == channels ? physical : end, first / groupChannels, end / groupChannels));
        }
        return found;
    }

    private static int gcd(int a, int b) {
        return b == 0 ? a : gcd(b, a % b);
    }

    List<Run> runs() {
        return runs;
    }

    int physical() {
        return physical;
    }

    /** Where a channel stands in a row with a number for each physical channel. */
    int place(int channel) {
        return place[channel];
    }

    int pixels() {
        return pixels;
    }

    int groupChannels() {
        return groupChannels;
    }

    /** Numbers in a group. */
    double groupSize() {
        return (double) groupChannels * pixels;
    }

    /** Physical channels from one stretch of a run to the next. */
    int stretch() {
        return blocksInTile * order.lanes();
    }

    /** Place of a block of channels in its image. */
    long start(int block) {
        return (long) block * pixels;
    }

    /** Floats of the stretch that begins with a block. */
    int floatsFrom(int block) {
        return (int) Math.min((long) blocksInTile * blockFloats, (long) (physical - block) * pixels);
    }

    int blockFloats() {
        return blockFloats;
    }

    /** Channels in a block. */
    int lanes() {
        return order.lanes();
    }

    /** Floats in a full tile. */
    int tile() {
        return order.size();
    }

    /** Repeats a row over a tile for each block of channels in it. */
    void spread(float[] row, int block, float[] tile) {
        int floats = floatsFrom(block);
        for (int at = 0; at < floats; at += blockFloats) {
            order.repeat(row, block + at / pixels, tile, at, repeat);
        }
    }

    /** Starts the sums of an image. */
    void startImage() {
        Arrays.fill(sums, 0f);
        Arrays.fill(products, 0f);
    }

    /** Starts the sums of a stretch in the tiles. */
    void startSums(int floats) {
        tiles.startSums(Math.min(order.size(), floats));
    }

    /** Adds what the tiles summed up to the sums of the stretch's channels. */
    void endSums(int block) {
        if (blocksInTile == 1) {
            tiles.endSums(order, repeat, sums, products, block);
            return;
        }
        int floats = floatsFrom(block);
        for (int at = 0; at < floats; at += blockFloats) {
            tiles.endSums(order.lanes(), at, blockFloats, sums, products, block + at / pixels);
        }
    }
}

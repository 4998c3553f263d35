package org.patchdiffusion.model.engine.compiled.kernel;

import org.patchdiffusion.model.engine.compiled.ir.Value;

/**
 * How the numbers of a tensor follow each other in a tile, and how many make one. In blocks of channels, pixels of one block do;
 * row-major, pixels of one channel. With the channels last, a tile holds whole pixels: first the channels at even places of all
 * of them, then those at odd places, which is how {@link Bfloats} gives them. Rows with a number for each channel have the same
 * order, so that kernels need not know it.
 *
 * @param lanes channels in a block
 * @param pieces 2 if the channels at even places come first, else 1
 * @param size numbers in a full tile; where there are two pieces, all tiles are full
 */
public record TileOrder(int lanes, int pieces, int size) {

    /** The order of a tensor that has its layout. */
    public static TileOrder of(Value value) {
        return of(value, 2);
    }

    /** The same where the numbers of all tensors come in as they follow each other in memory. */
    static TileOrder inOrder(Value value) {
        return of(value, 1);
    }

    private static TileOrder of(Value value, int pieces) {
        return switch (value.layout()) {
            case PLAIN -> new TileOrder(1, 1, Tiles.SIZE);
            case BLOCKED -> new TileOrder(value.map().lanes(), 1, Tiles.SIZE);
            case CHANNELS_LAST -> wholePixels(value.map().lanes(), value.pixels(), pieces);
        };
    }

    /** As many pixels as fit, of those numbers that divide the image; one if none fits. */
    private static TileOrder wholePixels(int channels, int pixels, int pieces) {
        int count = Math.max(1, Math.min(pixels, Tiles.SIZE / channels));
        while (pixels % count != 0) {
            count--;
        }
        return new TileOrder(channels, pieces, count * channels);
    }

    /** Numbers that follow each other and belong to different channels. */
    int width() {
        return lanes / pieces;
    }

    /** Where a physical channel stands in a row with a number for each. */
    int row(int physical) {
        int inBlock = physical % lanes;
        return physical - inBlock + inBlock % pieces * width() + inBlock / pieces;
    }

    /** Channel in its block of the number at a place of a full tile. */
    public int channel(int place) {
        int piece = pieces == 1 ? 0 : place / (size / pieces);
        return (place - piece * (size / pieces)) % width() * pieces + piece;
    }

    /** Pixel of the number at a place of a full tile, counted from the tile's first. */
    public int pixel(int place) {
        return pieces == 1 ? place / lanes : place % (size / pieces) / width();
    }

    /** Repeats one block of a row, from {@code offset} on, over {@code n} numbers of a tile. */
    void repeat(float[] row, int offset, float[] tile, int at, int n) {
        for (int piece = 0; piece < pieces; piece++) {
            repeat(row, offset + piece * width(), width(), tile, at + piece * (n / pieces), n / pieces);
        }
    }

    private static void repeat(float[] row, int offset, int width, float[] tile, int at, int n) {
        System.arraycopy(row, offset, tile, at, width);
        for (int filled = width; filled < n; filled *= 2) {
            System.arraycopy(tile, at, tile, at + filled, Math.min(filled, n - filled));
        }
    }
}

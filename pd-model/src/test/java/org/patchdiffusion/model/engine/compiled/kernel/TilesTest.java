package org.patchdiffusion.model.engine.compiled.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.FloatRange;
import net.jqwik.api.constraints.IntRange;

/** Repeating a block over a tile, and adding a tile up to a block. */
class TilesTest {
    private static final int LANES = 8;

    /** Alone in its tile, and as the second of two blocks that share one. */
    @Property
    void sumsOverARepeatedBlockAreMultiplesOfIt(
            @ForAll @FloatRange(min = -10, max = 10) float value, @ForAll @IntRange(min = 1, max = 40) int pixels) {
        Tiles tiles = new Tiles();
        TileOrder order = new TileOrder(LANES, 1, Tiles.SIZE);
        float[] row = new float[2 * LANES];
        for (int i = 0; i < row.length; i++) {
            row[i] = value + i;
        }
        int n = pixels * LANES;
        for (int at : new int[] {0, n}) {
            order.repeat(row, LANES, tiles.x, at, n);
            tiles.startSums(at + n);
            tiles.addCentred(at + n);
            float[] sums = new float[2 * LANES];
            float[] squares = new float[2 * LANES];
            if (at == 0) {
                tiles.endSums(order, n, sums, squares, LANES);
            } else {
                tiles.endSums(LANES, at, n, sums, squares, LANES);
            }
            for (int i = 0; i < row.length; i++) {
                double want = i < LANES ? 0 : row[i];
                assertEquals(pixels * want, sums[i], 1e-4 * pixels);
                assertEquals(pixels * want * want, squares[i], 1e-3 * pixels);
            }
        }
    }
}

package org.patchdiffusion.model.engine.compiled;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.FloatRange;

/** Repeating a block over a tile, and adding a tile up to a block. */
class TilesTest {

    @Property
    void repeatAndFoldAreInverse(@ForAll @FloatRange(min = -10, max = 10) float value) {
        Tiles tiles = new Tiles(8);
        float[] row = new float[16];
        for (int i = 0; i < 16; i++) {
            row[i] = value + i;
        }
        tiles.repeat(row, 8, tiles.a, 48);
        float[] sums = new float[16];
        tiles.fold(tiles.a, 48, sums, 8);
        for (int i = 8; i < 16; i++) {
            assertEquals(6 * row[i], sums[i], 1e-4);
        }
        assertTrue(sums[7] == 0);
    }
}

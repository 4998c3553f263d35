package org.patchdiffusion.model.engine.compiled;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.FloatRange;
import org.junit.jupiter.api.Test;

/** The pointwise loops against float64 arithmetic. */
class LoopsTest {

    @Property
    void siluAndItsSlopeAreAccurate(@ForAll @FloatRange(min = -60, max = 60) float x) {
        float[] h = {x / 2};
        float[] tanh = new float[1];
        Loops.clamp(h, tanh, 1);
        Loops.tanh(tanh, tanh, 1);
        float[] silu = new float[1];
        Loops.silu(h, tanh, silu, 1);
        double sigmoid = 1 / (1 + Math.exp(-(double) x));
        assertEquals(x * sigmoid, silu[0], 1e-6 * Math.max(1, Math.abs(x)));
        float[] slope = {1};
        Loops.siluGradient(h, tanh, slope, slope, 1);
        assertEquals(sigmoid * (1 + x * (1 - sigmoid)), slope[0], 4e-6 * Math.max(1, Math.abs(x)));
    }

    @Test
    void extremeArgumentsStayFinite() {
        float[] x = {Float.MAX_VALUE / 4, -Float.MAX_VALUE / 4, 0f};
        float[] clamped = new float[3];
        Loops.clamp(x, clamped, 3);
        float[] tanh = new float[3];
        Loops.tanh(clamped, tanh, 3);
        assertEquals(1, tanh[0], 1e-6);
        assertEquals(-1, tanh[1], 1e-6);
        assertEquals(0, tanh[2]);
    }

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

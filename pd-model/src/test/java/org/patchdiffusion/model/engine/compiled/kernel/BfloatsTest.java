package org.patchdiffusion.model.engine.compiled.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.bytedeco.javacpp.ShortPointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** bfloat16 rows against a closed form of the rounding, and their order. */
class BfloatsTest {
    private final BfloatCodec codec = new BfloatCodec();

    /** To nearest, ties to even, by exact arithmetic on the two neighbours. */
    private static float rounded(float x) {
        if (Float.isNaN(x) || Float.isInfinite(x)) {
            return x;
        }
        int bits = Float.floatToRawIntBits(x);
        int low = bits & 0xffff0000;
        int high = low + 0x10000;
        // As 2^128 where the float is infinite: IEEE 754 rounds as if the exponent had no end.
        double above = (high & 0x7fffffff) == 0x7f800000 ? Math.copySign(0x1p128, x) : Float.intBitsToFloat(high);
        double below = Float.intBitsToFloat(low);
        double toBelow = Math.abs(x - below);
        double toAbove = Math.abs(above - x);
        boolean takesBelow = toBelow < toAbove || toBelow == toAbove && (low >>> 16 & 1) == 0;
        return Float.intBitsToFloat(takesBelow ? low : high);
    }

    private float throughMemory(float x) {
        Bfloats memory = new Bfloats(new ShortPointer(2), 2, codec);
        memory.put(0, new float[] {1f, x}, 0, 2);
        float[] row = new float[2];
        memory.get(0, row, 0, 2);
        assertEquals(1f, row[0]);
        return row[1];
    }

    @Property
    void roundsToNearestEven(@ForAll int bits) {
        float x = Float.intBitsToFloat(bits);
        float got = throughMemory(x);
        assertEquals(Float.isNaN(x), Float.isNaN(got), () -> x + " became " + got);
        if (!Float.isNaN(x)) {
            assertEquals(Float.floatToRawIntBits(rounded(x)), Float.floatToRawIntBits(got), () -> "of " + x);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "3f808000, 3f80", // half way between an even and an odd one
        "3f818000, 3f82",
        "3f808001, 3f81",
        "3f807fff, 3f80",
        "bf818000, bf82",
        "80000000, 8000", // -0
        "00000001, 0000", // less than the smallest
        "7f7fffff, 7f80", // too large: infinite
        "ff800000, ff80",
        "7f800001, 7fc0", // no numbers, whose digits rounding must not carry into the sign
        "7fffffff, 7fff",
        "ffffffff, ffff"
    })
    void treatsSpecialNumbersAsProcessorsDo(String bits, String want) {
        float x = Float.intBitsToFloat((int) Long.parseLong(bits, 16));
        ShortPointer pointer = new ShortPointer(2);
        new Bfloats(pointer, 2, codec).putInOrder(0, new float[] {x, 0f}, 0, 2);
        assertEquals(Integer.parseInt(want, 16), pointer.get(0) & 0xffff);
    }

    @Property(tries = 200)
    void rowsComeInByEvenAndOddPlaces(
            @ForAll @IntRange(min = 1, max = 40) int half,
            @ForAll @IntRange(min = 0, max = 300) int at,
            @ForAll int seed) {
        long count = 2L * (half + at);
        Bfloats memory = new Bfloats(new ShortPointer(count), count, codec, 6);
        float[] row = new float[2 * half];
        Random random = new Random(seed);
        for (int i = 0; i < row.length; i++) {
            row[i] = random.nextInt(200);
        }
        memory.putInOrder(2L * at, row, 0, row.length);
        float[] inOrder = new float[row.length + 1];
        memory.getInOrder(2L * at, inOrder, 1, row.length);
        float[] split = new float[row.length];
        memory.get(2L * at, split, 0, row.length);
        for (int i = 0; i < half; i++) {
            assertEquals(row[2 * i], inOrder[1 + 2 * i]);
            assertEquals(row[2 * i + 1], inOrder[2 + 2 * i]);
            assertEquals(row[2 * i], split[i]);
            assertEquals(row[2 * i + 1], split[half + i]);
        }
        memory.put(2L * at, split, 0, row.length);
        memory.getInOrder(2L * at, split, 0, row.length);
        assertArrayEquals(row, split);
    }

    @Test
    void refusesWhatIsNoPair() {
        assertThrows(IllegalArgumentException.class, () -> new Bfloats(new ShortPointer(4), 3, codec));
        Bfloats memory = new Bfloats(new ShortPointer(4), 4, codec);
        assertThrows(IllegalArgumentException.class, () -> memory.get(1, new float[2], 0, 2));
    }

    /** SiLU and its slope from where they are flat to where they are straight. */
    @Test
    void roughKernelsAreWithinWhatBfloat16CanShow() {
        Kernels kernels = new RoughKernels();
        float[] one = new float[Tiles.SIZE];
        float[] zero = new float[Tiles.SIZE];
        float[] x = new float[Tiles.SIZE];
        for (int i = 0; i < x.length; i++) {
            one[i] = 1f;
            x[i] = (i - 512) / 16f;
        }
        float[] silu = new float[Tiles.SIZE];
        float[] slope = new float[Tiles.SIZE];
        kernels.affineSilu(x, one, zero, silu, x.length);
        kernels.affineSiluGradient(x, one, zero, one, slope, x.length);
        for (int i = 0; i < x.length; i++) {
            double sigmoid = 1 / (1 + Math.exp(-x[i]));
            double bar = 1e-4 * Math.max(1, Math.abs(x[i]));
            assertEquals(x[i] * sigmoid, silu[i], bar);
            assertEquals(sigmoid + x[i] * sigmoid * (1 - sigmoid), slope[i], 2 * bar);
        }
        assertTrue(silu[512] == 0f);
    }

    @ParameterizedTest
    @CsvSource({"16, 4", "48, 64", "192, 1024", "1040, 9", "64, 7"})
    void ordersOfTilesAgreeWithTheirRows(int channels, int pixels) {
        TileOrder order = new TileOrder(channels, 2, channels * pixelsInTile(channels, pixels));
        float[] row = new float[channels];
        for (int c = 0; c < channels; c++) {
            row[order.row(c)] = c;
        }
        float[] tile = new float[order.size()];
        order.repeat(row, 0, tile, 0, tile.length);
        for (int i = 0; i < tile.length; i++) {
            assertEquals(order.channel(i), tile[i]);
        }
        // A memory whose numbers are their places gives the same tile.
        float[] places = new float[tile.length];
        for (int i = 0; i < places.length; i++) {
            places[i] = i % channels;
        }
        Bfloats memory = new Bfloats(new ShortPointer(tile.length), tile.length, codec);
        memory.putInOrder(0, places, 0, places.length);
        memory.get(0, places, 0, places.length);
        for (int i = 0; i < tile.length; i++) {
            assertEquals(order.channel(i), places[i], Math.max(4, channels / 256.0));
            assertTrue(order.pixel(i) < order.size() / channels);
        }
    }

    private static int pixelsInTile(int channels, int pixels) {
        int count = Math.max(1, Math.min(pixels, Tiles.SIZE / channels));
        while (pixels % count != 0) {
            count--;
        }
        return count;
    }
}

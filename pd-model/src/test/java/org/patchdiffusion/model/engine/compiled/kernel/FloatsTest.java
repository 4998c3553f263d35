package org.patchdiffusion.model.engine.compiled.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.api.Test;

/** Memory in several pieces, made of 4 to 32 numbers each. */
class FloatsTest {

    @Property(tries = 300)
    void copiesAsAPlainArrayDoes(
            @ForAll @IntRange(min = 1, max = 200) int count,
            @ForAll @IntRange(min = 2, max = 5) int pieceBits,
            @ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] plain = new float[count];
        try (FloatPointer pointer = new FloatPointer(count + 2L)) {
            pointer.put(0, -1f).put(count + 1L, -2f);
            Floats floats = new Floats(pointer.getPointer(1), count, pieceBits);
            assertEquals(count, floats.count());
            floats.put(0, plain, 0, count);
            for (int round = 0; round < 20; round++) {
                int n = random.nextInt(count + 1);
                int at = random.nextInt(count - n + 1);
                int offset = random.nextInt(5);
                float[] row = row(random, offset + n + 3);
                floats.put(at, row, offset, n);
                System.arraycopy(row, offset, plain, at, n);
                int one = random.nextInt(count);
                floats.put(one, round);
                plain[one] = round;
                assertReads(plain, floats, random);
            }
            assertEquals(-1f, pointer.get(0));
            assertEquals(-2f, pointer.get(count + 1L));
        }
    }

    private static float[] row(SplittableRandom random, int length) {
        float[] row = new float[length];
        for (int i = 0; i < length; i++) {
            row[i] = (float) random.nextGaussian();
        }
        return row;
    }

    /** Everything at once, a random stretch to a random place, and one by one. */
    private static void assertReads(float[] plain, Floats floats, SplittableRandom random) {
        float[] all = new float[plain.length];
        floats.get(0, all, 0, all.length);
        assertArrayEquals(plain, all);
        int n = random.nextInt(plain.length + 1);
        int at = random.nextInt(plain.length - n + 1);
        float[] want = new float[n + 4];
        Arrays.fill(want, 7f);
        float[] got = want.clone();
        System.arraycopy(plain, at, want, 2, n);
        floats.get(at, got, 2, n);
        assertArrayEquals(want, got);
        for (int i = 0; i < plain.length; i++) {
            assertEquals(plain[i], floats.get(i));
        }
    }

    @Test
    void refusesWhatLiesBehindTheEnd() {
        try (FloatPointer pointer = new FloatPointer(16)) {
            for (int pieceBits : new int[] {2, 5}) {
                Floats floats = new Floats(pointer, 10, pieceBits);
                float[] row = new float[16];
                assertThrows(IndexOutOfBoundsException.class, () -> floats.get(8, row, 0, 3));
                assertThrows(IndexOutOfBoundsException.class, () -> floats.put(10, row, 0, 1));
                assertThrows(IndexOutOfBoundsException.class, () -> floats.get(12, row, 0, 1));
            }
        }
    }

    @Test
    void mayBeEmpty() {
        try (FloatPointer pointer = new FloatPointer(1)) {
            Floats floats = new Floats(pointer, 0);
            assertEquals(0, floats.count());
            floats.get(0, new float[0], 0, 0);
        }
    }

    @Test
    void keepsItsMemory() {
        List<WeakReference<FloatPointer>> pointers = new ArrayList<>();
        Floats floats = overNewMemory(pointers);
        System.gc();
        assertNotNull(pointers.get(0).get());
        floats.put(99, 5f);
        assertEquals(5f, floats.get(99));
    }

    private static Floats overNewMemory(List<WeakReference<FloatPointer>> pointers) {
        FloatPointer pointer = new FloatPointer(100);
        pointers.add(new WeakReference<>(pointer));
        return new Floats(pointer, 100);
    }
}

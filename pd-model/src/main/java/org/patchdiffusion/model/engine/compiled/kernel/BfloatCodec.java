package org.patchdiffusion.model.engine.compiled.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/**
 * Turns bfloat16 into float32 and back. A bfloat16 number is the upper half of a float32 one, so two of them in an int are
 * taken apart by a shift and a mask, in loops that C2 turns into vector code: it has none for conversions between types of
 * different size, nor for {@link Float#intBitsToFloat}. Bits change their type by way of a buffer instead. Rounding is to
 * nearest, ties to even; numbers that are none stay so, and what is too large becomes infinite.
 *
 * <p>One instance serves one thread.
 */
public final class BfloatCodec {
    private static final int UPPER = 0xffff0000;
    private static final int SIGNLESS = 0x7fffffff;
    private static final int INFINITE = 0x7f800000;
    private static final int QUIET = 0x00400000;
    private static final int HALF = 0x7fff;

    private int[] pairs = new int[0];
    private int[] lower;
    private int[] upper;
    private IntBuffer bits;
    private FloatBuffer floats;

    /** Memory for {@code half} pairs of numbers. */
    int[] pairs(int half) {
        if (pairs.length < half) {
            pairs = new int[half];
            lower = new int[half];
            upper = new int[half];
            ByteBuffer bytes = ByteBuffer.allocateDirect(Math.multiplyExact(half, 2 * Float.BYTES))
                    .order(ByteOrder.nativeOrder());
            bits = bytes.asIntBuffer();
            floats = bytes.asFloatBuffer();
        }
        return pairs;
    }

    /** The first numbers of {@code half} pairs, then the second ones. */
    void widen(float[] target, int offset, int half) {
        split(pairs, lower, upper, half);
        bits.put(0, lower, 0, half);
        bits.put(half, upper, 0, half);
        floats.get(0, target, offset, 2 * half);
    }

    /** The pairs of what {@link #widen} gives. */
    void narrow(float[] source, int offset, int half) {
        floats.put(0, source, offset, 2 * half);
        bits.get(0, lower, 0, half);
        bits.get(half, upper, 0, half);
        round(lower, half);
        round(upper, half);
        join(lower, upper, pairs, half);
    }

    /** The numbers of {@code half} pairs as they follow each other. */
    void widenInOrder(float[] target, int offset, int half) {
        for (int i = 0; i < half; i++) {
            target[offset + 2 * i] = Float.intBitsToFloat(pairs[i] << 16);
            target[offset + 2 * i + 1] = Float.intBitsToFloat(pairs[i] & UPPER);
        }
    }

    /** The pairs of what {@link #widenInOrder} gives. */
    void narrowInOrder(float[] source, int offset, int half) {
        for (int i = 0; i < half; i++) {
            lower[i] = Float.floatToRawIntBits(source[offset + 2 * i]);
            upper[i] = Float.floatToRawIntBits(source[offset + 2 * i + 1]);
        }
        round(lower, half);
        round(upper, half);
        join(lower, upper, pairs, half);
    }

    private static void split(int[] pairs, int[] lower, int[] upper, int half) {
        for (int i = 0; i < half; i++) {
            lower[i] = pairs[i] << 16;
            upper[i] = pairs[i] & UPPER;
        }
    }

    /** Rounds the bits of float32 numbers so that the lower half can be cut off. Without branches, which are never vectors. */
    private static void round(int[] bits, int n) {
        for (int i = 0; i < n; i++) {
            int x = bits[i];
            int none = (INFINITE - (x & SIGNLESS)) >> 31;
            int rounded = x + HALF + ((x >>> 16) & 1);
            bits[i] = (rounded & ~none) | ((x | QUIET) & none);
        }
    }

    private static void join(int[] lower, int[] upper, int[] pairs, int half) {
        for (int i = 0; i < half; i++) {
            pairs[i] = (lower[i] >>> 16) | (upper[i] & UPPER);
        }
    }
}

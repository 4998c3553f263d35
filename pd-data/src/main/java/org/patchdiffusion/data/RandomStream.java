package org.patchdiffusion.data;

import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * A stream of random numbers that is a pure function of its key (seed, purpose, step, index).
 *
 * <p>The generator is counter-based (Philox4x32-10): the seed is its 64-bit key, and purpose, step, index and the
 * position in the stream make up the 128-bit counter. Streams of different keys never share a counter, so they are
 * independent without any state being kept or passed on; the same key gives the same numbers on every platform, in any
 * order, on any thread. A stream holds 2<sup>34</sup> words of 32 bits before it repeats. One instance belongs to one
 * thread at a time.
 */
public final class RandomStream implements RandomGenerator {

    private static final int KEY_BITS = 44;
    private static final int HIGH_BITS = 0xFFF;
    private static final double TWO_POW_MINUS_52 = 0x1p-52;
    private static final double TWO_POW_MINUS_53 = 0x1p-53;
    private static final double TWO_POW_MINUS_32 = 0x1p-32;
    private static final int CHUNK = 256;

    private final int keyLow;
    private final int keyHigh;
    private final int counter1;
    private final int counter2;
    private final int counter3;
    private final int[] words = new int[4];
    private int block;
    private int next = words.length;

    private RandomStream(long seed, Purpose purpose, long step, long index) {
        keyLow = (int) seed;
        keyHigh = (int) (seed >>> 32);
        counter1 = (int) index;
        counter2 = (int) step;
        counter3 =
                purpose.ordinal() << 24 | ((int) (step >>> 32) & HIGH_BITS) << 12 | ((int) (index >>> 32) & HIGH_BITS);
    }

    /**
     * The stream of a key, from its start.
     *
     * @param seed any number; the seed of the run
     * @param purpose what the numbers are for
     * @param step training step, epoch or other counter, from 0 to 2<sup>44</sup> - 1
     * @param index image in the batch or other counter, from 0 to 2<sup>44</sup> - 1
     * @throws IllegalArgumentException if step or index is out of range
     */
    public static RandomStream of(long seed, Purpose purpose, long step, long index) {
        requireKey("step", step);
        requireKey("index", index);
        return new RandomStream(seed, purpose, step, index);
    }

    private static void requireKey(String name, long value) {
        if (value < 0 || value >>> KEY_BITS != 0) {
            throw new IllegalArgumentException(
                    "random stream: " + name + " is " + value + ", expected 0 to 2^" + KEY_BITS + " - 1");
        }
    }

    @Override
    public int nextInt() {
        if (next == words.length) {
            Philox.block(block++, counter1, counter2, counter3, keyLow, keyHigh, words);
            next = 0;
        }
        return words[next++];
    }

    /** Two words of the stream, the first one as the high half. */
    @Override
    public long nextLong() {
        long high = nextInt();
        return high << 32 | nextInt() & 0xFFFFFFFFL;
    }

    /** Uniform in [0, 1), with 53 random bits. */
    @Override
    public double nextDouble() {
        return (nextLong() >>> 11) * TWO_POW_MINUS_53;
    }

    /**
     * Uniform in [0, bound), without bias.
     *
     * @throws IllegalArgumentException if bound is not positive
     */
    @Override
    public int nextInt(int bound) {
        if (bound <= 0) {
            throw new IllegalArgumentException("random stream: bound is " + bound + ", expected at least 1");
        }
        // D. Lemire, "Fast random integer generation in an interval" (2019), algorithm 5.
        long product = (nextInt() & 0xFFFFFFFFL) * bound;
        int rejectBelow = Integer.remainderUnsigned(-bound, bound);
        while (Integer.compareUnsigned((int) product, rejectBelow) < 0) {
            product = (nextInt() & 0xFFFFFFFFL) * bound;
        }
        return (int) (product >>> 32);
    }

    /** Standard normal, from 52 random bits: at most 8.3 in magnitude. */
    @Override
    public double nextGaussian() {
        return NormalQuantile.at(nextShare());
    }

    private double nextShare() {
        // 52 bits and a half are exact in a double: with one bit more the largest value would round to 1.
        return ((nextLong() >>> 12) + 0.5) * TWO_POW_MINUS_52;
    }

    /** Fills with standard normals as {@link #nextGaussian} draws them. */
    public void fillGaussian(double[] out) {
        double[] shares = new double[Math.min(out.length, CHUNK)];
        double[] values = new double[shares.length];
        for (int done = 0; done < out.length; done += CHUNK) {
            int count = Math.min(CHUNK, out.length - done);
            for (int i = 0; i < count; i++) {
                shares[i] = nextShare();
            }
            NormalQuantile.at(shares, values, count);
            System.arraycopy(values, 0, out, done, count);
        }
    }

    /** Fills with standard normals, each from one 32-bit word: at most 6.4 in magnitude. */
    public void fillGaussian(float[] out) {
        fillGaussian(out, 0, out.length);
    }

    /**
     * Fills a range with standard normals, each from one 32-bit word: at most 6.4 in magnitude.
     *
     * @throws IndexOutOfBoundsException if the range does not lie in the array
     */
    public void fillGaussian(float[] out, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, out.length);
        double[] shares = new double[Math.min(length, CHUNK)];
        double[] values = new double[shares.length];
        for (int done = 0; done < length; done += CHUNK) {
            int count = Math.min(CHUNK, length - done);
            for (int i = 0; i < count; i++) {
                shares[i] = ((nextInt() & 0xFFFFFFFFL) + 0.5) * TWO_POW_MINUS_32;
            }
            NormalQuantile.at(shares, values, count);
            for (int i = 0; i < count; i++) {
                out[offset + done + i] = (float) values[i];
            }
        }
    }
}

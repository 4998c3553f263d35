package org.patchdiffusion.model.engine.compiled.kernel;

import java.nio.IntBuffer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * bfloat16 numbers off the heap, an even number of them. A row that begins at an even place comes in as the numbers at even
 * places, then those at odd ones: both are then made by loops over whole ints.
 */
public final class Bfloats implements Numbers {
    /** Pairs from one window to the next; each is twice as long, so that every row lies in one. */
    private static final int WINDOW_BITS = 27;

    /** Held so that the memory lives at least as long as this: the buffers do not keep it. */
    private final IntPointer start;

    private final BfloatCodec codec;
    private final IntBuffer[] windows;
    private final long count;
    private final int windowBits;

    /** The numbers from the pointer's position on. */
    public Bfloats(Pointer start, long count, BfloatCodec codec) {
        this(start, count, codec, WINDOW_BITS);
    }

    Bfloats(Pointer start, long count, BfloatCodec codec, int windowBits) {
        this.start = new IntPointer(start);
        this.codec = codec;
        this.count = count;
        this.windowBits = windowBits;
        long pairs = half(count);
        windows = new IntBuffer[(int) Math.max(1, (pairs + (1L << windowBits) - 1) >> windowBits)];
        for (int i = 0; i < windows.length; i++) {
            long from = (long) i << windowBits;
            int length = (int) Math.min(2L << windowBits, pairs - from);
            IntPointer window = this.start.getPointer(from);
            // JavaCPP takes a capacity of 0 for one number.
            windows[i] = window.capacity(length).asBuffer().slice(0, length);
        }
    }

    private static long half(long numbers) {
        if ((numbers & 1) != 0) {
            throw new IllegalArgumentException("bfloat16 numbers come in pairs, got " + numbers);
        }
        return numbers >> 1;
    }

    /** Copies {@code n} pairs, from pair {@code index} on, as they are. */
    public void getPairs(long index, int[] target, int offset, int n) {
        int window = (int) (index >> windowBits);
        windows[window].get((int) (index - ((long) window << windowBits)), target, offset, n);
    }

    /** Copies {@code n} pairs to places from pair {@code index} on. */
    public void putPairs(long index, int[] source, int offset, int n) {
        int window = (int) (index >> windowBits);
        windows[window].put((int) (index - ((long) window << windowBits)), source, offset, n);
    }

    @Override
    public void get(long index, float[] target, int offset, int n) {
        int half = (int) half(n);
        getPairs(half(index), codec.pairs(half), 0, half);
        codec.widen(target, offset, half);
    }

    @Override
    public void put(long index, float[] source, int offset, int n) {
        int half = (int) half(n);
        int[] pairs = codec.pairs(half);
        codec.narrow(source, offset, half);
        putPairs(half(index), pairs, 0, half);
    }

    @Override
    public void getInOrder(long index, float[] target, int offset, int n) {
        int half = (int) half(n);
        getPairs(half(index), codec.pairs(half), 0, half);
        codec.widenInOrder(target, offset, half);
    }

    @Override
    public void putInOrder(long index, float[] source, int offset, int n) {
        int half = (int) half(n);
        int[] pairs = codec.pairs(half);
        codec.narrowInOrder(source, offset, half);
        putPairs(half(index), pairs, 0, half);
    }

    @Override
    public long count() {
        return count;
    }
}

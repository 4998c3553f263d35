package org.patchdiffusion.model.engine.compiled.kernel;

import java.nio.FloatBuffer;
import java.util.Objects;
import org.bytedeco.javacpp.FloatPointer;

/** Float32 numbers off the heap, any number of them: NIO buffers end at 2 GiB. Copies whole rows in and out. */
public final class Floats implements Numbers {
    /** Floats in a piece: a power of two. */
    private static final int PIECE_BITS = 28;

    /** Held so that the memory lives at least as long as this: the buffers do not keep it. */
    private final FloatPointer start;

    private final int pieceBits;
    private final long mask;
    private final FloatBuffer first;
    private final FloatBuffer[] pieces;

    /** The numbers from the pointer's position on; {@code count} may be 0. */
    public Floats(FloatPointer start, long count) {
        this(start, count, PIECE_BITS);
    }

    Floats(FloatPointer start, long count, int pieceBits) {
        this.start = start;
        this.pieceBits = pieceBits;
        mask = (1L << pieceBits) - 1;
        int number = (int) Math.max(1, (count + mask) >> pieceBits);
        pieces = new FloatBuffer[number];
        for (int i = 0; i < number; i++) {
            long from = (long) i << pieceBits;
            int length = (int) Math.min(mask + 1, count - from);
            FloatPointer piece = start.getPointer(from);
            // JavaCPP takes a capacity of 0 for one number.
            pieces[i] = piece.capacity(length).asBuffer().slice(0, length);
        }
        first = pieces[0];
    }

    @Override
    public void get(long index, float[] target, int offset, int n) {
        if (index + n <= first.capacity()) {
            first.get((int) index, target, offset, n);
            return;
        }
        Objects.checkFromIndexSize(index, n, count());
        for (int done = 0; done < n; ) {
            FloatBuffer piece = pieces[(int) ((index + done) >> pieceBits)];
            int at = (int) ((index + done) & mask);
            int count = Math.min(n - done, piece.capacity() - at);
            piece.get(at, target, offset + done, count);
            done += count;
        }
    }

    @Override
    public void put(long index, float[] source, int offset, int n) {
        if (index + n <= first.capacity()) {
            first.put((int) index, source, offset, n);
            return;
        }
        Objects.checkFromIndexSize(index, n, count());
        for (int done = 0; done < n; ) {
            FloatBuffer piece = pieces[(int) ((index + done) >> pieceBits)];
            int at = (int) ((index + done) & mask);
            int count = Math.min(n - done, piece.capacity() - at);
            piece.put(at, source, offset + done, count);
            done += count;
        }
    }

    @Override
    public void getInOrder(long index, float[] target, int offset, int n) {
        get(index, target, offset, n);
    }

    @Override
    public void putInOrder(long index, float[] source, int offset, int n) {
        put(index, source, offset, n);
    }

    public float get(long index) {
        return pieces[(int) (index >> pieceBits)].get((int) (index & mask));
    }

    public void put(long index, float value) {
        pieces[(int) (index >> pieceBits)].put((int) (index & mask), value);
    }

    @Override
    public long count() {
        return ((long) (pieces.length - 1) << pieceBits) + pieces[pieces.length - 1].capacity();
    }
}

package org.patchdiffusion.model.engine.compiled.kernel;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;

/** Float32 numbers off the heap, any number of them: NIO buffers end at 2 GiB. Copies whole rows in and out. */
public final class Floats {
    /** Floats in a piece: a power of two. */
    private static final int PIECE_BITS = 28;

    private static final long MASK = (1L << PIECE_BITS) - 1;

    private final FloatBuffer first;
    private final FloatBuffer[] pieces;

    /** The numbers from the pointer's position on; {@code count} may be 0. */
    public Floats(FloatPointer start, long count) {
        int number = (int) Math.max(1, (count + MASK) >> PIECE_BITS);
        pieces = new FloatBuffer[number];
        for (int i = 0; i < number; i++) {
            long from = (long) i << PIECE_BITS;
            FloatPointer piece = start.getPointer(from);
            pieces[i] = piece.capacity(Math.min(MASK + 1, count - from)).asBuffer();
        }
        first = pieces[0];
    }

    /** Copies {@code n} numbers from place {@code index} on to an array. */
    public void get(long index, float[] target, int offset, int n) {
        if (index + n <= first.capacity()) {
            first.get((int) index, target, offset, n);
            return;
        }
        for (int done = 0; done < n; ) {
            FloatBuffer piece = pieces[(int) ((index + done) >> PIECE_BITS)];
            int at = (int) ((index + done) & MASK);
            int count = Math.min(n - done, piece.capacity() - at);
            piece.get(at, target, offset + done, count);
            done += count;
        }
    }

    /** Copies {@code n} numbers of an array to places from {@code index} on. */
    public void put(long index, float[] source, int offset, int n) {
        if (index + n <= first.capacity()) {
            first.put((int) index, source, offset, n);
            return;
        }
        for (int done = 0; done < n; ) {
            FloatBuffer piece = pieces[(int) ((index + done) >> PIECE_BITS)];
            int at = (int) ((index + done) & MASK);
            int count = Math.min(n - done, piece.capacity() - at);
            piece.put(at, source, offset + done, count);
            done += count;
        }
    }

    public float get(long index) {
        return pieces[(int) (index >> PIECE_BITS)].get((int) (index & MASK));
    }

    public void put(long index, float value) {
        pieces[(int) (index >> PIECE_BITS)].put((int) (index & MASK), value);
    }

    /** How many numbers there are. */
    public long count() {
        return ((long) (pieces.length - 1) << PIECE_BITS) + pieces[pieces.length - 1].capacity();
    }
}

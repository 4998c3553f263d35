package org.patchdiffusion.model.io;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.nd4j.linalg.api.concurrency.AffinityManager.Location;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Moves the raw little-endian bytes of arrays between memory and streams, in bulk (ND4J runs on little-endian only). */
final class ArrayBytes {
    private static final int CHUNK = 1 << 16;

    private ArrayBytes() {}

    /** A byte view of memory that something else owns. */
    private static final class Window extends BytePointer {
        Window(long address, long size) {
            this.address = address;
            this.limit = size;
            this.capacity = size;
        }
    }

    /** Size of the elements in bytes. */
    static long size(INDArray array) {
        return array.isEmpty() ? 0 : array.length() * array.dataType().width();
    }

    /**
     * Fills a contiguous array, in the order of its memory.
     *
     * @throws EOFException if the stream ends before
     */
    static void read(InputStream in, INDArray into) throws IOException {
        long size = size(into);
        if (size == 0) {
            return;
        }
        Nd4j.getAffinityManager().ensureLocation(into, Location.HOST);
        byte[] chunk = new byte[(int) Math.min(CHUNK, size)];
        try (Window memory = new Window(address(into), size)) {
            for (long at = 0; at < size; at += chunk.length) {
                int count = (int) Math.min(chunk.length, size - at);
                if (in.readNBytes(chunk, 0, count) < count) {
                    throw new EOFException("the data ends early");
                }
                view(memory, at, count).put(chunk, 0, count);
            }
        }
        Nd4j.getAffinityManager().tagLocation(into, Location.HOST);
    }

    /** Writes the elements in row-major order. */
    static void write(INDArray array, OutputStream out) throws IOException {
        long size = size(array);
        if (size == 0) {
            return;
        }
        if (!isRowMajor(array)) {
            try (INDArray copy = array.dup('c')) {
                write(copy, out);
            }
            return;
        }
        Nd4j.getAffinityManager().ensureLocation(array, Location.HOST);
        byte[] chunk = new byte[(int) Math.min(CHUNK, size)];
        try (Window memory = new Window(address(array), size)) {
            for (long at = 0; at < size; at += chunk.length) {
                int count = (int) Math.min(chunk.length, size - at);
                view(memory, at, count).get(chunk, 0, count);
                out.write(chunk, 0, count);
            }
        }
    }

    /** Whether every element of a row-major float32 array is a finite number. */
    static boolean isFinite(INDArray array) throws IOException {
        boolean[] finite = {true};
        write(array, new OutputStream() {
            @Override
            public void write(int value) {
                throw new IllegalStateException("arrays are written in chunks");
            }

            @Override
            public void write(byte[] chunk, int from, int count) {
                finite[0] &= isFinite(ByteBuffer.wrap(chunk, from, count).order(ByteOrder.LITTLE_ENDIAN));
            }
        });
        return finite[0];
    }

    private static boolean isFinite(ByteBuffer floats) {
        boolean finite = true;
        while (floats.hasRemaining()) {
            finite &= Float.isFinite(floats.getFloat());
        }
        return finite;
    }

    /** Where the first element stands: a view shares the pointer of its owner and adds an offset. */
    private static long address(INDArray array) {
        return array.data().pointer().address()
                + array.offset() * array.dataType().width();
    }

    private static ByteBuffer view(Window memory, long at, int count) {
        return memory.position(at).limit(at + count).asByteBuffer();
    }

    /** Whether the elements stand one after another in row-major order. */
    static boolean isRowMajor(INDArray array) {
        long expected = 1;
        for (int axis = array.rank() - 1; axis >= 0; axis--) {
            if (array.size(axis) != 1 && array.stride(axis) != expected) {
                return false;
            }
            expected *= array.size(axis);
        }
        return true;
    }
}

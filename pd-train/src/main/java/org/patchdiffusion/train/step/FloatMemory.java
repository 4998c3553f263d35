package org.patchdiffusion.train.step;

import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The values of a flat float32 array as plain host memory.
 *
 * <p>A Java buffer addresses at most 2^31 bytes, so the memory is seen as chunks of {@link #CHUNK} floats. A copy must
 * not cross a chunk; copies of a power of two that start at a multiple of themselves never do. Reading and writing
 * different elements from different threads is safe.
 */
final class FloatMemory {

    /** Floats in a chunk, a power of two. */
    static final int CHUNK = 1 << 28;

    private final INDArray array;
    private final FloatBuffer[] chunks;

    private FloatMemory(INDArray array, int chunkFloats) {
        this.array = array;
        Pointer start = array.data().addressPointer();
        long length = array.length();
        int count = Math.toIntExact((length + chunkFloats - 1) / chunkFloats);
        chunks = new FloatBuffer[count];
        for (int c = 0; c < count; c++) {
            long first = (long) c * chunkFloats;
            long floats = Math.min(chunkFloats, length - first);
            BytePointer chunk =
                    new BytePointer(start).getPointer(first * Float.BYTES).capacity(floats * Float.BYTES);
            chunks[c] = chunk.asByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer();
        }
    }

    /**
     * The memory of an array, which must outlive the result.
     *
     * @throws IllegalArgumentException if the array is not a contiguous float32 array
     */
    static FloatMemory of(INDArray array) {
        return of(array, CHUNK);
    }

    /** As {@link #of(INDArray)}, with chunks of another size (a power of two), for tests. */
    static FloatMemory of(INDArray array, int chunkFloats) {
        if (array.dataType() != DataType.FLOAT || array.rank() != 1 || array.stride(0) != 1) {
            throw new IllegalArgumentException("expected a contiguous flat float32 array, got " + array.dataType()
                    + " of shape " + array.shapeInfoToString());
        }
        // A backend with a device of its own copies to the host here; on the CPU this does nothing.
        Nd4j.getAffinityManager().ensureLocation(array, AffinityManager.Location.HOST);
        return new FloatMemory(array, chunkFloats);
    }

    /** Number of floats. */
    long length() {
        return array.length();
    }

    /** Copies {@code count} floats from {@code index} on into the start of {@code target}. */
    void get(long index, float[] target, int count) {
        chunks[chunkOf(index)].get(withinChunk(index), target, 0, count);
    }

    /** Copies the first {@code count} floats of {@code source} to {@code index} and on. */
    void put(long index, float[] source, int count) {
        chunks[chunkOf(index)].put(withinChunk(index), source, 0, count);
    }

    /** Tells the backend that the host's copy has changed. Call after the last write. */
    void written() {
        Nd4j.getAffinityManager().tagLocation(array, AffinityManager.Location.HOST);
    }

    private int chunkOf(long index) {
        return (int) (index / chunkFloats());
    }

    private int withinChunk(long index) {
        return (int) (index % chunkFloats());
    }

    private long chunkFloats() {
        return chunks[0].capacity();
    }
}

package org.patchdiffusion.model.engine.compiled;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/** What the steps of one replica run on: its arena, outside buffers, parameters, gradient and oneDNN stream. */
final class ReplicaMemory implements AutoCloseable {
    /** In floats. */
    private static final int CACHE_LINE = 16;

    private final OneDnn oneDnn;
    private final FloatPointer block;
    private final FloatPointer arena;
    private final Map<Buffer, FloatPointer> outside;
    private final FlatMemory parameters;
    private final GradientMemory gradient;
    private final stream stream;
    private final List<Pointer> owned = new ArrayList<>();

    ReplicaMemory(
            OneDnn oneDnn,
            long arenaFloats,
            Map<Buffer, FloatPointer> outside,
            FlatMemory parameters,
            GradientMemory gradient) {
        this.oneDnn = oneDnn;
        this.block = new FloatPointer(arenaFloats + CACHE_LINE);
        // Padding of blocked tensors must hold finite numbers from the start.
        Pointer.memset(block, 0, block.capacity() * Float.BYTES);
        // oneDNN's Winograd kernels store whole cache lines past the cache, and crash where they are not aligned.
        long misaligned = block.address() / Float.BYTES % CACHE_LINE;
        this.arena = block.getPointer(misaligned == 0 ? 0 : CACHE_LINE - misaligned);
        this.outside = outside;
        this.parameters = parameters;
        this.gradient = gradient;
        this.stream = own(new stream(oneDnn.engine()));
    }

    /** Frees a native object together with this memory. */
    <T extends Pointer> T own(T pointer) {
        owned.add(pointer);
        return pointer;
    }

    stream stream() {
        return stream;
    }

    FlatMemory parameters() {
        return parameters;
    }

    GradientMemory gradient() {
        return gradient;
    }

    /** Start of a buffer. */
    FloatPointer pointer(Buffer buffer) {
        FloatPointer external = outside.get(buffer);
        if (external != null) {
            return external;
        }
        if (buffer.offset < 0) {
            throw new IllegalStateException("buffer " + buffer + " has no place");
        }
        return arena.getPointer(buffer.offset);
    }

    /** A buffer as NIO view. */
    FloatBuffer floats(Buffer buffer) {
        FloatPointer pointer = new FloatPointer(pointer(buffer));
        return pointer.capacity(buffer.floats).asBuffer();
    }

    /** A buffer as oneDNN memory. */
    memory dnnl(Buffer buffer, memory.desc desc) {
        return own(new memory(desc, oneDnn.engine(), pointer(buffer)));
    }

    /** Any place as oneDNN memory. */
    memory dnnl(Pointer pointer, memory.desc desc) {
        return own(new memory(desc, oneDnn.engine(), pointer));
    }

    /** oneDNN memory that gets its place later. */
    memory unbound(memory.desc desc) {
        return own(new memory(desc, oneDnn.engine(), null));
    }

    long bytes() {
        return block.capacity() * Float.BYTES;
    }

    @Override
    public void close() {
        for (int i = owned.size() - 1; i >= 0; i--) {
            owned.get(i).deallocate();
        }
        block.deallocate();
    }
}

package org.patchdiffusion.model.engine.compiled.run;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * A block of zeros. The operating system's fresh pages are zeros already, and {@code calloc} knows it: writing them a second
 * time costs 100 ms for a training program of 170 MB. Counts towards JavaCPP's limit as its other memory does.
 */
final class ZeroedMemory extends BytePointer {

    /**
     * Allocates a block.
     *
     * @throws OutOfMemoryError if there is none of this size, or it would pass {@code org.bytedeco.javacpp.maxbytes}
     */
    ZeroedMemory(long bytes) {
        this(Pointer.calloc(1, bytes), bytes);
    }

    private ZeroedMemory(Pointer raw, long bytes) {
        super(raw);
        if (raw == null || raw.isNull()) {
            throw new OutOfMemoryError("cannot allocate " + bytes + " bytes for the tensors of a program");
        }
        capacity(bytes);
        deallocator(new Free(raw));
    }

    /** Knows the address only, so that it does not keep the block alive. */
    private record Free(Pointer raw) implements Deallocator {
        @Override
        public void deallocate() {
            Pointer.free(raw);
        }
    }
}

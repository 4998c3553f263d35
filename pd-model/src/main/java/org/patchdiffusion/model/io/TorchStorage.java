package org.patchdiffusion.model.io;

import java.io.IOException;
import org.nd4j.linalg.api.buffer.DataType;
import org.patchdiffusion.files.ZipArchive;

/** A flat run of elements that tensors are views of. Its place becomes known after the pickle that names it. */
final class TorchStorage {

    /** Where the elements are. */
    @FunctionalInterface
    interface Content {
        /** Hands the bytes of the storage to a reader, which need not read them all. */
        void read(ZipArchive.Reader<?> reader) throws IOException;
    }

    private final DataType type;
    private final long count;
    private Content content;

    TorchStorage(DataType type, long count) {
        this.type = type;
        this.count = count;
    }

    DataType type() {
        return type;
    }

    /** Number of elements. */
    long count() {
        return count;
    }

    /** Whether the elements have been found. */
    boolean isPlaced() {
        return content != null;
    }

    /**
     * Says where the elements are.
     *
     * @param size number of bytes there
     * @throws IOException if that is not what the storage needs
     */
    void place(long size, Content where) throws IOException {
        if (Shapes.bytes(new long[] {count}, type) != size) {
            throw new IOException("a storage of " + count + " elements of " + type + " has " + size + " bytes");
        }
        content = where;
    }

    /** Hands the bytes to a reader. */
    void read(ZipArchive.Reader<?> reader) throws IOException {
        content.read(reader);
    }
}

package org.patchdiffusion.model.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Objects;

/**
 * A run of bytes in an open file or in memory, read only when it is needed.
 *
 * @param source where the bytes are
 * @param offset where the run begins
 * @param length its number of bytes
 */
record Region(Source source, long offset, long length) {

    /** Bytes that can be read at any position. */
    @FunctionalInterface
    interface Source {
        /** Reads some bytes from a position; returns their number, or -1 at the end. */
        int read(ByteBuffer into, long position) throws IOException;
    }

    /** A whole file. */
    static Region of(FileChannel channel) throws IOException {
        return new Region(channel::read, 0, channel.size());
    }

    /** Bytes in memory. */
    static Region of(byte[] bytes) {
        Source source = (into, position) -> {
            int count = (int) Math.min(into.remaining(), bytes.length - position);
            if (count <= 0) {
                return -1;
            }
            into.put(bytes, (int) position, count);
            return count;
        };
        return new Region(source, 0, bytes.length);
    }

    /** A part of this run, which must lie within it. */
    Region slice(long from, long size) {
        Objects.checkFromIndexSize(from, size, length);
        return new Region(source, offset + from, size);
    }

    /** A stream over the bytes, independent of any other. */
    RegionStream stream() {
        return new RegionStream(this);
    }
}

package org.patchdiffusion.model.io;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Objects;

/**
 * Part of an open file.
 *
 * @param channel the file
 * @param offset where the part begins
 * @param length its number of bytes
 */
record FileRegion(FileChannel channel, long offset, long length) {

    /** The whole file. */
    static FileRegion whole(FileChannel channel) throws IOException {
        return new FileRegion(channel, 0, channel.size());
    }

    /** A part of this part, which must lie within it. */
    FileRegion slice(long from, long size) {
        Objects.checkFromIndexSize(from, size, length);
        return new FileRegion(channel, offset + from, size);
    }

    /** A stream over the bytes, independent of any other. */
    RegionStream stream() {
        return new RegionStream();
    }

    /** Reads the bytes of a region from its start; skipping costs nothing. */
    final class RegionStream extends InputStream {
        private static final int BUFFER = 1 << 13;
        private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER).limit(0);
        private long next;

        /** Number of bytes handed out or skipped so far. */
        long position() {
            return next - buffer.remaining();
        }

        /** Number of bytes that are left. */
        long remaining() {
            return length - position();
        }

        @Override
        public int read() throws IOException {
            if (!buffer.hasRemaining()) {
                buffer.clear();
                int count = fill(buffer);
                buffer.flip();
                if (count <= 0) {
                    return -1;
                }
            }
            return buffer.get() & 0xFF;
        }

        @Override
        public int read(byte[] into, int from, int count) throws IOException {
            Objects.checkFromIndexSize(from, count, into.length);
            if (count == 0) {
                return 0;
            }
            if (buffer.hasRemaining()) {
                int part = Math.min(count, buffer.remaining());
                buffer.get(into, from, part);
                return part;
            }
            return fill(ByteBuffer.wrap(into, from, count));
        }

        private int fill(ByteBuffer into) throws IOException {
            into.limit((int) Math.min(into.limit(), into.position() + length - next));
            if (!into.hasRemaining()) {
                return -1;
            }
            int count = channel.read(into, offset + next);
            next += Math.max(count, 0);
            return count;
        }

        @Override
        public long skip(long count) {
            long target = position() + Math.max(0, Math.min(count, remaining()));
            long done = target - position();
            buffer.limit(0);
            next = target;
            return done;
        }
    }
}

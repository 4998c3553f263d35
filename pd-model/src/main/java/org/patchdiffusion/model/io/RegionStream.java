package org.patchdiffusion.model.io;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Objects;

/** Reads a region from its start. Knows its position to the byte; skipping costs nothing. */
final class RegionStream extends InputStream {
    private static final int BUFFER = 1 << 12;

    private final Region region;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER).limit(0);
    private long next;

    RegionStream(Region region) {
        this.region = region;
    }

    /** Number of bytes handed out or skipped so far. */
    long position() {
        return next - buffer.remaining();
    }

    /** Number of bytes that are left. */
    long remaining() {
        return region.length() - position();
    }

    /**
     * Skips the next bytes and returns them as a region of their own.
     *
     * @throws IOException if fewer are left
     */
    Region take(long count) throws IOException {
        if (count < 0 || count > remaining()) {
            throw new IOException(
                    Long.toUnsignedString(count) + " bytes are announced where " + remaining() + " are left");
        }
        Region taken = region.slice(position(), count);
        skip(count);
        return taken;
    }

    @Override
    public int read() throws IOException {
        if (!buffer.hasRemaining()) {
            int count = fill(buffer.clear());
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
        if (buffer.hasRemaining()) {
            int part = Math.min(count, buffer.remaining());
            buffer.get(into, from, part);
            return part;
        }
        return count == 0 ? 0 : fill(ByteBuffer.wrap(into, from, count));
    }

    private int fill(ByteBuffer into) throws IOException {
        into.limit((int) Math.min(into.limit(), into.position() + region.length() - next));
        if (!into.hasRemaining()) {
            return -1;
        }
        int count = region.source().read(into, region.offset() + next);
        next += Math.max(count, 0);
        return count;
    }

    @Override
    public long skip(long count) {
        long target = position() + Math.max(0, Math.min(count, remaining()));
        long skipped = target - position();
        buffer.limit(0);
        next = target;
        return skipped;
    }
}

package org.patchdiffusion.files;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;

/** The content of a zip entry: never longer than the directory says, and at its end not shorter and with its checksum. */
final class EntryStream extends FilterInputStream {
    private static final int CHUNK = 1 << 13;

    private final CRC32 crc = new CRC32();
    private final long size;
    private final long expectedCrc;
    private long count;
    private boolean ended;

    EntryStream(InputStream in, long size, long expectedCrc) {
        super(in);
        this.size = size;
        this.expectedCrc = expectedCrc;
    }

    /** Reads what is left, so that the whole is checked. */
    void drain() throws IOException {
        byte[] chunk = new byte[CHUNK];
        while (!ended) {
            read(chunk, 0, chunk.length);
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
        int got = ended ? -1 : next(into, from, length);
        if (got < 0) {
            finish();
            return -1;
        }
        crc.update(into, from, got);
        count += got;
        if (count > size) {
            throw new IOException(
                    "it is longer than the " + size + " bytes that the directory of the archive declares");
        }
        return got;
    }

    private int next(byte[] into, int from, int length) throws IOException {
        try {
            return in.read(into, from, length);
        } catch (RuntimeException e) {
            // The decoders of rare compressions trust their input.
            throw new IOException("its data is damaged (" + e.getClass().getSimpleName() + ")", e);
        }
    }

    private void finish() throws IOException {
        ended = true;
        if (count < size) {
            throw new IOException("it ends after " + count + " of " + size + " bytes");
        }
        if (crc.getValue() != expectedCrc) {
            throw new IOException("its checksum does not match, so the archive is damaged");
        }
    }

    @Override
    public long skip(long wanted) throws IOException {
        byte[] chunk = new byte[(int) Math.min(CHUNK, Math.max(0, wanted))];
        return chunk.length == 0 ? 0 : Math.max(0, read(chunk, 0, chunk.length));
    }

    @Override
    public boolean markSupported() {
        return false;
    }
}

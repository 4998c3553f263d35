package org.patchdiffusion.data.source;

import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * Reads the main database of an LMDB file (version 1, 64 bits, little endian): a B+ tree of pages. It lists the keys
 * without touching the values, which the Java binding of LMDB can do only with access to the JVM's inside, and a damaged
 * file gives an error where the native library, which trusts what it maps, would end the process.
 */
final class LmdbFile implements Closeable {

    private static final int MAGIC = 0xBEEFC0DE;
    private static final int PAGE_HEADER = 16;
    private static final int META_BYTES = PAGE_HEADER + 136;
    private static final int MAX_PAGE = 1 << 16;
    private static final int MAX_DEPTH = 32;
    private static final int BRANCH = 1;
    private static final int LEAF = 2;
    private static final int NODE_HEADER = 8;
    private static final int ON_OVERFLOW_PAGE = 1;
    private static final int NO_PLAIN_VALUE = 2 | 4;

    /** Where the bytes of a value lie in the file. */
    record Value(long offset, long length) {}

    /** Hears of keys and where their values lie. */
    interface Visitor {
        void visit(byte[] key, Value value);
    }

    private final Path path;
    private final RandomAccessFile file;
    private final long size;
    private final int pageSize;
    private final long pages;
    private final long root;
    private long pagesLeft;

    /** @throws IOException naming the file, if it is no complete LMDB file */
    LmdbFile(Path path) throws IOException {
        this.path = path;
        file = new RandomAccessFile(path.toFile(), "r");
        try {
            size = file.length();
            ByteBuffer first = read(0, META_BYTES);
            if (first.getInt(16) != MAGIC) {
                throw new IOException("it does not start as one");
            }
            pageSize = first.getInt(40);
            if (Integer.bitCount(pageSize) != 1 || pageSize < META_BYTES || pageSize > MAX_PAGE) {
                throw new IOException("its pages have " + pageSize + " bytes");
            }
            ByteBuffer second = read(pageSize, META_BYTES);
            // The two are written in turn; the one of the later transaction counts.
            ByteBuffer meta = second.getInt(16) == MAGIC && second.getLong(144) > first.getLong(144) ? second : first;
            pages = meta.getLong(136) + 1;
            root = meta.getLong(128);
            if (pages < 2 || pages > size / pageSize) {
                throw new IOException("it is cut short: " + size + " bytes for " + pages + " pages");
            }
        } catch (IOException | RuntimeException e) {
            file.close();
            throw new IOException(path + ": is not a complete lmdb (" + e.getMessage() + ")", e);
        }
    }

    /**
     * Walks through all keys in order.
     *
     * @throws IOException naming the file, if it is damaged
     */
    void forEach(Visitor visitor) throws IOException {
        pagesLeft = pages;
        try {
            if (root != -1) {
                visit(root, 0, visitor);
            }
        } catch (IOException | IndexOutOfBoundsException | ArithmeticException e) {
            throw new IOException(path + ": is damaged (" + e.getMessage() + ")", e);
        }
    }

    private void visit(long number, int depth, Visitor visitor) throws IOException {
        if (number < 2 || number >= pages || depth > MAX_DEPTH || --pagesLeft < 0) {
            throw new IOException("its tree leads to page " + number + " of " + pages + " at depth " + depth);
        }
        ByteBuffer page = read(number * pageSize, pageSize);
        int flags = page.getShort(10);
        int nodes = ((page.getShort(12) & 0xFFFF) - PAGE_HEADER) / 2;
        for (int i = 0; i < nodes; i++) {
            int at = page.getShort(PAGE_HEADER + 2 * i) & 0xFFFF;
            long low = page.getInt(at) & 0xFFFFFFFFL;
            int high = page.getShort(at + 4) & 0xFFFF;
            if ((flags & BRANCH) != 0) {
                visit((long) high << 32 | low, depth + 1, visitor);
            } else if ((flags & LEAF) != 0 && (high & NO_PLAIN_VALUE) == 0) {
                leaf(page, number, at, low, high, visitor);
            } else {
                throw new IOException("page " + number + " holds something else than keys and values");
            }
        }
    }

    private void leaf(ByteBuffer page, long number, int at, long length, int flags, Visitor visitor)
            throws IOException {
        byte[] key = new byte[page.getShort(at + 6) & 0xFFFF];
        page.get(at + NODE_HEADER, key);
        int data = at + NODE_HEADER + key.length;
        long offset = (flags & ON_OVERFLOW_PAGE) == 0
                ? number * pageSize + data
                : Math.multiplyExact(page.getLong(data), pageSize) + PAGE_HEADER;
        if (offset < 0 || offset + length > size) {
            throw new IOException("a value lies outside the file");
        }
        visitor.visit(key, new Value(offset, length));
    }

    /**
     * The bytes of a value. Safe from any thread.
     *
     * @throws IOException if it holds more than {@code maxBytes}
     */
    byte[] read(Value value, int maxBytes) throws IOException {
        if (value.length > maxBytes) {
            throw new IOException("holds more than the " + (maxBytes >> 20) + " MiB allowed");
        }
        return read(value.offset, (int) value.length).array();
    }

    private ByteBuffer read(long offset, int length) throws IOException {
        byte[] bytes = new byte[length];
        synchronized (file) {
            file.seek(offset);
            file.readFully(bytes);
        }
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}

package org.patchdiffusion.model.io;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** A zip file whose entries are checked: unique names, believable sizes, matching checksums. */
final class ZipArchive implements Closeable {
    /**
     * The time stamp of entries that we write, so that the same content gives the same bytes. For the very start of
     * 1980 Java would add a field that depends on the time zone.
     */
    static final LocalDateTime EPOCH = LocalDateTime.of(1980, 2, 1, 0, 0);

    /** Deflate cannot shrink its input further than this (zlib's technical notes: 1032 to 1). */
    private static final long HIGHEST_RATIO = 1040;

    private static final int CHUNK = 1 << 13;

    /** Reads the content of an entry. */
    @FunctionalInterface
    interface Reader<T> {
        /**
         * Reads all of it.
         *
         * @param size number of bytes in the stream
         */
        T read(InputStream in, long size) throws IOException;
    }

    private final Path file;
    private final ZipFile zip;
    private final Map<String, ZipEntry> entries = new LinkedHashMap<>();

    private ZipArchive(Path file, ZipFile zip) {
        this.file = file;
        this.zip = zip;
    }

    /** Opens a zip file and checks its directory. */
    static ZipArchive open(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(file + " does not exist or is not a file");
        }
        ZipFile zip;
        try {
            zip = new ZipFile(file.toFile());
        } catch (IOException | IllegalArgumentException e) {
            throw new IOException(file + " is not a zip file or is damaged: " + e.getMessage(), e);
        }
        ZipArchive archive = new ZipArchive(file, zip);
        try {
            archive.index();
            return archive;
        } catch (IOException | RuntimeException e) {
            archive.close();
            throw e;
        }
    }

    private void index() throws IOException {
        long fileSize = Files.size(file);
        for (ZipEntry entry : Collections.list(zip.entries())) {
            String name = entry.getName();
            if (entries.put(name, entry) != null) {
                throw new IOException(file + " has two entries named " + Shapes.printable(name));
            }
            boolean stored = entry.getMethod() == ZipEntry.STORED;
            long packed = entry.getCompressedSize();
            boolean believable = packed >= 0
                    && packed <= fileSize
                    && entry.getSize() >= 0
                    && (stored ? entry.getSize() == packed : entry.getSize() / HIGHEST_RATIO <= packed);
            if (!believable) {
                throw new IOException(file + ": its entry " + Shapes.printable(name) + " declares " + entry.getSize()
                        + " bytes, which cannot come from the " + packed + " bytes stored for it");
            }
        }
    }

    /** Names of all entries, in the order of the file's directory. */
    List<String> names() {
        return new ArrayList<>(entries.keySet());
    }

    /** Uncompressed size of an entry. */
    long size(String name) throws IOException {
        return entry(name).getSize();
    }

    /**
     * Reads an entry as a whole.
     *
     * @throws IOException if there is no such entry, it is not read to its end, or its checksum is wrong
     */
    <T> T read(String name, Reader<T> reader) throws IOException {
        ZipEntry entry = entry(name);
        CRC32 crc = new CRC32();
        try (InputStream in = new CheckedInputStream(zip.getInputStream(entry), crc)) {
            T result = reader.read(in, entry.getSize());
            drain(in, entry.getSize());
            if (entry.getCrc() != crc.getValue()) {
                throw new IOException("its checksum does not match, so the file is damaged");
            }
            return result;
        } catch (IOException e) {
            throw new IOException(
                    file + ": the entry " + Shapes.printable(name) + " cannot be read: " + e.getMessage(), e);
        }
    }

    /**
     * Reads what a reader has left over, for the checksum; never much more than the directory announces, so that a
     * crafted entry cannot keep us busy.
     */
    private static void drain(InputStream in, long most) throws IOException {
        byte[] chunk = new byte[CHUNK];
        long left = most;
        for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
            left -= count;
            if (left < 0) {
                throw new IOException("it is longer than the directory of the zip file says");
            }
        }
    }

    private ZipEntry entry(String name) throws IOException {
        ZipEntry entry = entries.get(name);
        if (entry == null) {
            throw new IOException(file + " has no entry " + Shapes.printable(name));
        }
        return entry;
    }

    @Override
    public void close() throws IOException {
        zip.close();
    }
}

package org.patchdiffusion.files;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipException;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;
import org.apache.commons.compress.archivers.zip.ZipMethod;

/**
 * A zip file that may come from any system and from strangers.
 *
 * <p>Opening it checks its directory as a whole, within limits and before anything large is allocated: it must be
 * complete, names must be unique and stay within the archive, sizes must be possible. Names may be in UTF-8, marked or
 * not, or in code page 437, with '/' or '\' between folders; they are handed out with '/', and entries that are folders
 * are left out. Comments are not looked at. What cannot be read of a single entry (a password, a rare compression, a
 * damage) fails when that entry is read; sizes and checksums are verified while reading.
 *
 * <p>Every error is an {@link IOException} of one sentence that names the file and the entry. Entries can be read from
 * several threads at once; interrupting one of them closes the archive, as {@link FileChannel} does.
 */
public final class ZipArchive implements Closeable {
    /**
     * The time stamp of entries that we write, so that the same content gives the same bytes. For the very start of
     * 1980 Java would add a field that depends on the time zone.
     */
    public static final LocalDateTime ENTRY_TIME = LocalDateTime.of(1980, 2, 1, 0, 0);

    /** Deflate cannot shrink its input further than this (zlib's technical notes: 1032 to 1). */
    private static final long HIGHEST_RATIO = 1040;

    /**
     * What is accepted of an archive.
     *
     * @param entries largest number of entries, folders among them
     * @param entryBytes largest uncompressed size of an entry
     * @param totalBytes largest sum of these sizes
     */
    public record Limits(int entries, long entryBytes, long totalBytes) {
        public Limits {
            if (entries < 1 || entryBytes < 1 || totalBytes < 1) {
                throw new IllegalArgumentException("the limits of an archive must be positive");
            }
        }
    }

    /** Reads the content of an entry. */
    @FunctionalInterface
    public interface Reader<T> {
        /**
         * Reads as much of it as it needs.
         *
         * @param in the content; it gives exactly {@code size} bytes or fails
         * @param size number of bytes in the stream
         */
        T read(InputStream in, long size) throws IOException;
    }

    private final Path file;
    private final FileChannel channel;
    private final Map<String, ZipArchiveEntry> entries = new LinkedHashMap<>();
    private ZipFile zip;

    private ZipArchive(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Opens a zip file and checks its directory.
     *
     * @throws ZipException if it is no zip file at all
     * @throws IOException if it is missing, damaged, or beyond the limits; nothing stays open then
     */
    public static ZipArchive open(Path file, Limits limits) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(file + " does not exist or is not a file");
        }
        FileChannel channel;
        try {
            channel = FileChannel.open(file, StandardOpenOption.READ);
        } catch (IOException e) {
            throw new IOException(file + " cannot be opened: " + Messages.reason(e), e);
        }
        ZipArchive archive = new ZipArchive(file, channel);
        try {
            archive.index(limits);
            return archive;
        } catch (ZipException e) {
            archive.close();
            throw new ZipException(file + " " + e.getMessage());
        } catch (IOException e) {
            archive.close();
            throw new IOException(file + " " + Messages.reason(e), e);
        } catch (RuntimeException | Error e) {
            archive.close();
            throw e;
        }
    }

    private void index(Limits limits) throws IOException {
        ZipDirectory.check(channel, limits.entries());
        try {
            zip = ZipFile.builder()
                    .setSeekableByteChannel(channel)
                    // Any bytes are valid in this encoding: names are decoded from the raw ones, comments not at all.
                    .setCharset(StandardCharsets.ISO_8859_1)
                    .setUseUnicodeExtraFields(false)
                    .setIgnoreLocalFileHeader(true)
                    .get();
        } catch (IOException | RuntimeException e) {
            // The library trusts some fields: whatever goes wrong inside it means a damaged directory.
            throw new IOException("has a damaged directory: " + reason(e), e);
        }
        long fileSize = channel.size();
        long total = 0;
        long packed = 0;
        for (ZipArchiveEntry entry : Collections.list(zip.getEntries())) {
            String name = EntryName.of(entry);
            checkSize(name, entry, fileSize, limits);
            if (entry.getSize() > limits.totalBytes() - total) {
                throw new IOException(
                        "declares more than " + limits.totalBytes() + " bytes of content, the most that is accepted");
            }
            total += entry.getSize();
            packed += entry.getCompressedSize();
            if (packed > fileSize) {
                throw new IOException("has entries that overlap: they declare more bytes than the file has");
            }
            if (!name.isEmpty() && !name.endsWith("/") && entries.put(name, entry) != null) {
                throw new IOException("has two entries named " + Messages.printable(name));
            }
        }
    }

    private static void checkSize(String name, ZipArchiveEntry entry, long fileSize, Limits limits) throws IOException {
        long size = entry.getSize();
        long packed = entry.getCompressedSize();
        if (size > limits.entryBytes()) {
            throw new IOException("has the entry " + Messages.printable(name) + " of " + size + " bytes, at most "
                    + limits.entryBytes() + " are accepted");
        }
        // A password adds bytes of its own, so the size of such an entry says nothing.
        boolean plain = !entry.getGeneralPurposeBit().usesEncryption();
        boolean possible = packed >= 0
                && packed <= fileSize
                && size >= 0
                && (!plain
                        || switch (entry.getMethod()) {
                            case ZipArchiveEntry.STORED -> size == packed;
                            case ZipArchiveEntry.DEFLATED -> size / HIGHEST_RATIO <= packed;
                            default -> true;
                        });
        if (!possible) {
            throw new IOException("is damaged: its entry " + Messages.printable(name) + " declares " + size
                    + " bytes, which cannot come from the " + packed + " bytes stored for it");
        }
    }

    /** The file. */
    public Path file() {
        return file;
    }

    /** Whether entries can be read: not after {@link #close}, nor after a thread was interrupted while it read one. */
    public boolean isOpen() {
        return channel.isOpen();
    }

    /** Names of all entries that are files, in the order of the directory. */
    public List<String> names() {
        return List.copyOf(entries.keySet());
    }

    /** Whether there is an entry of that name. */
    public boolean contains(String name) {
        return entries.containsKey(name);
    }

    /**
     * Uncompressed size of an entry as the directory declares it.
     *
     * @throws IOException if there is no such entry
     */
    public long size(String name) throws IOException {
        return entry(name).getSize();
    }

    /**
     * Reads an entry and checks it to its end, also when the reader stops before.
     *
     * @throws IOException if there is no such entry, it cannot be read, or its size or checksum is wrong
     */
    public <T> T read(String name, Reader<T> reader) throws IOException {
        ZipArchiveEntry entry = entry(name);
        try (EntryStream in = open(entry)) {
            T result = reader.read(in, entry.getSize());
            in.drain();
            return result;
        } catch (IOException e) {
            throw new IOException(
                    file + ": the entry " + Messages.printable(name) + " cannot be read: " + Messages.reason(e), e);
        }
    }

    /**
     * The whole content of an entry.
     *
     * @param most largest number of bytes that is accepted
     * @throws IOException as {@link #read}, or if there are more bytes
     */
    public byte[] bytes(String name, int most) throws IOException {
        return read(name, (in, size) -> {
            if (size > most) {
                throw new IOException("it has " + size + " bytes, at most " + most + " are accepted");
            }
            return in.readNBytes((int) size);
        });
    }

    private EntryStream open(ZipArchiveEntry entry) throws IOException {
        if (entry.getGeneralPurposeBit().usesEncryption()) {
            throw new IOException("it is locked with a password; unpack the archive and pack it again without one");
        }
        ZipMethod method = ZipMethod.getMethodByCode(entry.getMethod());
        boolean known =
                method == ZipMethod.STORED || method == ZipMethod.DEFLATED || method == ZipMethod.ENHANCED_DEFLATED;
        if (!known) {
            throw new IOException("it is compressed with the method " + (method == null ? entry.getMethod() : method)
                    + ", which is not supported; unpack the archive and pack it again with deflate");
        }
        try {
            InputStream content;
            // The library looks up where the data starts by moving the channel's one position.
            synchronized (zip) {
                content = zip.getInputStream(entry);
            }
            if (content == null) {
                throw new IOException("its data is not within the archive");
            }
            return new EntryStream(content, entry.getSize(), entry.getCrc());
        } catch (RuntimeException e) {
            throw new IOException("its data is damaged (" + reason(e) + ")", e);
        }
    }

    private static String reason(Exception e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause instanceof IOException io
                ? Messages.reason(io)
                : cause.getClass().getSimpleName();
    }

    private ZipArchiveEntry entry(String name) throws IOException {
        ZipArchiveEntry entry = entries.get(name);
        if (entry == null) {
            throw new IOException(file + " has no entry " + Messages.printable(name));
        }
        return entry;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}

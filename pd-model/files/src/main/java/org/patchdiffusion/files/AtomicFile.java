package org.patchdiffusion.files;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A file that is there whole or not at all.
 *
 * <p>The content goes to a hidden temporary file beside the target, is forced to the disk, and takes the target's name
 * in one rename. If anything fails the temporary file is deleted and the target stays as it was. Most callers need
 * {@link #write} only; who writes piece by piece opens a file, commits it at the end, and closes it in any case:
 *
 * <pre>{@code
 * try (AtomicFile file = AtomicFile.open(target)) {
 *     file.stream().write(bytes);
 *     file.commit();
 * }
 * }</pre>
 *
 * <p>What a killed process leaves behind is removed by {@link AtomicFolder#recover}. Not thread-safe.
 */
public final class AtomicFile implements Closeable {
    private static final int BUFFER = 1 << 16;

    /** Writes the content of a file to a stream; the stream is closed by the caller. */
    @FunctionalInterface
    public interface Content {
        /** Writes everything. */
        void writeTo(OutputStream out) throws IOException;
    }

    /** Writes a file at a given path, for libraries that want to open the file themselves. */
    @FunctionalInterface
    public interface Creation {
        /** Creates the file; nothing is there before. */
        void create(Path file) throws IOException;
    }

    private final Path target;
    private final Path temporary;
    private final OutputStream out;

    private AtomicFile(Path target, Path temporary, OutputStream out) {
        this.target = target;
        this.temporary = temporary;
        this.out = out;
    }

    /**
     * Opens a file to be written piece by piece.
     *
     * @param target the file to create or replace; its folder must exist
     * @throws IOException if it cannot be written, with the file and the reason in the message
     */
    public static AtomicFile open(Path target) throws IOException {
        Path temporary = temporary(target);
        try {
            OutputStream file = Files.newOutputStream(temporary, StandardOpenOption.CREATE_NEW);
            return new AtomicFile(target, temporary, new BufferedOutputStream(file, BUFFER));
        } catch (IOException e) {
            throw failure(target, e);
        }
    }

    /** Where the content goes; buffered. */
    public OutputStream stream() {
        return out;
    }

    /**
     * Makes what was written durable and gives it the target's name.
     *
     * @throws IOException if that fails, with the file and the reason in the message; the target is then as it was
     */
    public void commit() throws IOException {
        try {
            out.close();
            publish(temporary, target);
        } catch (IOException e) {
            throw failure(target, e);
        }
    }

    /** Drops what was written, unless it was committed. */
    @Override
    public void close() throws IOException {
        try {
            out.close();
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /**
     * Writes a file through a buffered stream.
     *
     * @param target the file to create or replace; its folder must exist
     * @throws IOException if it cannot be written, with the file and the reason in the message
     */
    public static void write(Path target, Content content) throws IOException {
        create(target, temporary -> {
            try (OutputStream out =
                    new BufferedOutputStream(Files.newOutputStream(temporary, StandardOpenOption.CREATE_NEW), BUFFER)) {
                content.writeTo(out);
            }
        });
    }

    /**
     * Creates a file by path.
     *
     * @param target the file to create or replace; its folder must exist
     * @throws IOException if it cannot be written, with the file and the reason in the message
     */
    public static void create(Path target, Creation creation) throws IOException {
        Path temporary = temporary(target);
        try {
            creation.create(temporary);
            publish(temporary, target);
        } catch (UncheckedIOException e) {
            throw failure(target, e.getCause());
        } catch (IOException e) {
            throw failure(target, e);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static Path temporary(Path target) throws IOException {
        Path folder = target.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new IOException("cannot write " + target + ": the folder " + folder + " does not exist");
        }
        if (Files.isDirectory(target)) {
            throw new IOException("cannot write " + target + ": it is a folder");
        }
        return Temporaries.beside(target, Temporaries.NEW);
    }

    private static void publish(Path temporary, Path target) throws IOException {
        try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        try {
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            // Some network file systems: the second best is a plain replacement.
            Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
        }
        Temporaries.force(temporary.getParent());
    }

    private static IOException failure(Path target, IOException e) {
        return new IOException("cannot write " + target + ": " + Messages.reason(e), e);
    }
}

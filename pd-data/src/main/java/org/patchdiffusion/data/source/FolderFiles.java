package org.patchdiffusion.data.source;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.patchdiffusion.files.Messages;

/** The files of a folder and the folders in it. */
final class FolderFiles implements FileTree {

    private final Path path;
    private final Map<String, Path> files = new TreeMap<>();

    FolderFiles(Path path) throws IOException {
        this.path = path;
        String base = path.toUri().getRawPath();
        int skip = base.endsWith("/") ? base.length() : base.length() + 1;
        try (Stream<Path> walk = Files.walk(path, FileVisitOption.FOLLOW_LINKS)) {
            walk.filter(Files::isRegularFile)
                    .forEach(file -> files.put(decoded(file.toUri().getRawPath().substring(skip)), file));
        } catch (UncheckedIOException e) {
            throw new IOException(path + ": cannot be listed (" + Messages.reason(e.getCause()) + ")", e.getCause());
        }
    }

    /**
     * A name as its bytes say in UTF-8, whatever the locale of this process: under {@code LC_ALL=C} Java knows no
     * letters outside ASCII, but keeps the bytes. Names that are not UTF-8 are taken as Latin-1.
     */
    private static String decoded(String percentEncoded) {
        ByteBuffer bytes = ByteBuffer.allocate(percentEncoded.length());
        for (int i = 0; i < percentEncoded.length(); i++) {
            char c = percentEncoded.charAt(i);
            if (c == '%') {
                bytes.put((byte) Integer.parseInt(percentEncoded, i + 1, i + 3, 16));
                i += 2;
            } else {
                bytes.put((byte) c);
            }
        }
        bytes.flip();
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.duplicate()).toString();
        } catch (CharacterCodingException e) {
            // Every byte is a letter of Latin-1, so different names stay different.
            return StandardCharsets.ISO_8859_1.decode(bytes).toString();
        }
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public List<String> files() {
        return List.copyOf(files.keySet());
    }

    @Override
    public Path location(String file) {
        return files.get(file);
    }

    @Override
    public byte[] read(String file, int maxBytes) throws IOException {
        boolean interrupted = false;
        try {
            while (true) {
                interrupted |= Thread.interrupted();
                try (InputStream in = Files.newInputStream(files.get(file))) {
                    return FileTree.readLimited(in, maxBytes);
                } catch (ClosedByInterruptException e) {
                    // Whoever wants this thread to end is told when the file is read.
                    interrupted = true;
                }
            }
        } catch (IOException e) {
            throw new IOException(path + ": " + file + " cannot be read (" + Messages.reason(e) + ")", e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() {
        // A folder holds nothing open.
    }
}

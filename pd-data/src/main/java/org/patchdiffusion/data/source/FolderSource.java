package org.patchdiffusion.data.source;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The files of a folder and the folders in it. */
final class FolderSource implements ImageSource {

    private final Path path;
    private final List<String> entries;

    FolderSource(Path path) throws IOException {
        this.path = path;
        try (Stream<Path> files = Files.walk(path, FileVisitOption.FOLLOW_LINKS)) {
            entries = files.filter(Files::isRegularFile)
                    .map(file -> path.relativize(file).toString().replace('\\', '/'))
                    .filter(entry -> !ImageSource.isHidden(entry))
                    .sorted()
                    .toList();
        } catch (UncheckedIOException e) {
            throw new IOException(path + ": cannot be listed (" + e.getCause() + ")", e.getCause());
        }
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public List<String> entries() {
        return entries;
    }

    @Override
    public byte[] read(String entry, int maxBytes) throws IOException {
        try (InputStream in = Files.newInputStream(path.resolve(entry))) {
            return ImageSource.readLimited(in, maxBytes);
        }
    }

    @Override
    public void close() {
        // A folder holds nothing open.
    }
}

package org.patchdiffusion.data.source;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.patchdiffusion.files.ZipArchive;

/** The files of a zip, whatever system made it. */
final class ZipFiles implements FileTree {

    /** What a zip may claim to hold; each image is limited for itself when it is read. */
    private static final ZipArchive.Limits LIMITS = new ZipArchive.Limits(20_000_000, 1L << 40, 1L << 46);

    private final Path path;
    private final ZipArchive zip;
    private final List<String> files;

    ZipFiles(Path path) throws IOException {
        this.path = path;
        this.zip = ZipArchive.open(path, LIMITS);
        this.files = zip.names().stream().sorted().toList();
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public List<String> files() {
        return files;
    }

    @Override
    public Path location(String file) {
        return path;
    }

    @Override
    public byte[] read(String file, int maxBytes) throws IOException {
        return zip.bytes(file, maxBytes);
    }

    @Override
    public void close() throws IOException {
        zip.close();
    }
}

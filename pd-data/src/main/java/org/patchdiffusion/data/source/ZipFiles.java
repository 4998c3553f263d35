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
    private ZipArchive zip;
    private final List<String> files;
    private boolean closed;

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

    /** Interrupting a thread that reads closes the archive for all: it is opened again, and the reading goes on. */
    @Override
    public byte[] read(String file, int maxBytes) throws IOException {
        boolean interrupted = false;
        try {
            while (true) {
                interrupted |= Thread.interrupted();
                ZipArchive archive = archive();
                try {
                    return archive.bytes(file, maxBytes);
                } catch (IOException e) {
                    if (archive.isOpen() || isClosed()) {
                        throw e;
                    }
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private synchronized ZipArchive archive() throws IOException {
        if (!zip.isOpen() && !closed) {
            zip = ZipArchive.open(path, LIMITS);
        }
        return zip;
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        zip.close();
    }
}

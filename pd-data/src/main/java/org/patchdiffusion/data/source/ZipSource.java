package org.patchdiffusion.data.source;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/** The files of a zip, read through its central directory. */
final class ZipSource implements ImageSource {

    private final Path path;
    private final ZipFile zip;
    private final List<String> entries;

    ZipSource(Path path) throws IOException {
        this.path = path;
        try {
            zip = new ZipFile(path.toFile());
        } catch (ZipException | EOFException e) {
            throw new IOException(
                    path + ": is not a complete zip file (" + e.getMessage() + "); give a folder or a zip of images",
                    e);
        } catch (IOException e) {
            throw new IOException(path + ": cannot be opened (" + e.getMessage() + ")", e);
        }
        entries = zip.stream()
                .filter(entry -> !entry.isDirectory() && !ImageSource.isHidden(entry.getName()))
                .map(ZipEntry::getName)
                .sorted()
                .distinct()
                .toList();
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
        ZipEntry header = zip.getEntry(entry);
        try (InputStream in = zip.getInputStream(header)) {
            byte[] bytes = ImageSource.readLimited(in, maxBytes);
            if (header.getSize() >= 0 && bytes.length != header.getSize()) {
                throw new ZipException("holds " + bytes.length + " bytes where the zip promises " + header.getSize());
            }
            return bytes;
        }
    }

    @Override
    public void close() throws IOException {
        zip.close();
    }
}

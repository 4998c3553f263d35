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
final class ZipFiles implements FileTree {

    private final Path path;
    private final ZipFile zip;
    private final List<String> files;

    ZipFiles(Path path) throws IOException {
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
        files = zip.stream()
                .filter(entry -> !entry.isDirectory())
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
    public List<String> files() {
        return files;
    }

    @Override
    public byte[] read(String file, int maxBytes) throws IOException {
        ZipEntry header = zip.getEntry(file);
        try (InputStream in = zip.getInputStream(header)) {
            byte[] bytes = FileTree.readLimited(in, maxBytes);
            if (header.getSize() >= 0 && bytes.length != header.getSize()) {
                throw new ZipException("holds " + bytes.length + " bytes where the zip promises " + header.getSize());
            }
            return bytes;
        } catch (IOException e) {
            throw new IOException(path + ": " + file + " cannot be read (" + e.getMessage() + ")", e);
        }
    }

    @Override
    public void close() throws IOException {
        zip.close();
    }
}

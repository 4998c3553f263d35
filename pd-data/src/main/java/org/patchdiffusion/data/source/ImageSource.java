package org.patchdiffusion.data.source;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** The files of a zip or folder, read one at a time from any thread. */
public sealed interface ImageSource extends Closeable permits ZipSource, FolderSource {

    /** The largest image file that is read, in bytes. */
    int MAX_IMAGE_FILE_BYTES = 64 << 20;

    /** The path that the user gave; it starts every error message. */
    Path path();

    /** Paths of all files inside, separated by '/', in the order of their UTF-16 code units. */
    List<String> entries();

    /**
     * The content of one file.
     *
     * @throws IOException if it cannot be read or holds more than {@code maxBytes}, whatever its header says
     */
    byte[] read(String entry, int maxBytes) throws IOException;

    /**
     * Opens a zip file or a folder.
     *
     * @throws IOException if there is nothing at the path, or it is neither a folder nor a zip
     */
    static ImageSource open(Path path) throws IOException {
        if (!Files.exists(path)) {
            throw new NoSuchFileException(
                    path + ": there is no such file or folder; give a folder or a zip of PNG or JPEG images");
        }
        return Files.isDirectory(path) ? new FolderSource(path) : new ZipSource(path);
    }

    /** The paths of the images inside, in order. */
    default List<String> images() {
        return entries().stream().filter(ImageSource::isImage).toList();
    }

    private static boolean isImage(String entry) {
        String lower = entry.toLowerCase(Locale.ROOT);
        return lower.endsWith(".png") || lower.endsWith(".jpg") || lower.endsWith(".jpeg");
    }

    /** Whether a path is one that archivers and desktops add by themselves, such as {@code __MACOSX/._a.png}. */
    static boolean isHidden(String entry) {
        for (String part : entry.split("/")) {
            if (part.startsWith(".") || part.equals("__MACOSX")) {
                return true;
            }
        }
        return false;
    }

    /** Reads a stream to its end, refusing to hold more than {@code maxBytes}. */
    static byte[] readLimited(InputStream in, int maxBytes) throws IOException {
        byte[] bytes = in.readNBytes(maxBytes);
        if (bytes.length == maxBytes && in.read() >= 0) {
            throw new IOException("holds more than the " + (maxBytes >> 20) + " MiB allowed");
        }
        return bytes;
    }
}

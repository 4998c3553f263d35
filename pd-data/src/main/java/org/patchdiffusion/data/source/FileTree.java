package org.patchdiffusion.data.source;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;

/** The files of a zip or folder, read one at a time from any thread. */
sealed interface FileTree extends Closeable permits ZipFiles, FolderFiles {

    /** The path that the user gave; it starts every error message. */
    Path path();

    /** Paths of all files inside, separated by '/', in the order of their UTF-16 code units. */
    List<String> files();

    /** Where a file's bytes lie: itself, or the archive. */
    Path location(String file);

    /**
     * The content of one file.
     *
     * @throws IOException naming the tree and the file, if it cannot be read or holds more than {@code maxBytes},
     *     whatever its header says
     */
    byte[] read(String file, int maxBytes) throws IOException;

    /** Reads a stream to its end, refusing to hold more than {@code maxBytes}. */
    static byte[] readLimited(InputStream in, int maxBytes) throws IOException {
        byte[] bytes = in.readNBytes(maxBytes);
        if (bytes.length == maxBytes && in.read() >= 0) {
            throw new IOException("holds more than the " + (maxBytes >> 20) + " MiB allowed");
        }
        return bytes;
    }
}

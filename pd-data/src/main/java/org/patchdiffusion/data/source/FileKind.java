package org.patchdiffusion.data.source;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.patchdiffusion.files.Messages;

/** What a single file is, by its first bytes, in gzip or not. */
enum FileKind {
    /** Arrays as MNIST has them. */
    IDX,
    TAR,
    /** A single picture. */
    IMAGE,
    OTHER;

    private static final int TAR_MAGIC_AT = 257;
    private static final byte[] TAR_MAGIC = {'u', 's', 't', 'a', 'r'};
    private static final int BUFFER = 1 << 16;

    static FileKind of(Path path) throws IOException {
        byte[] head;
        try (InputStream in = unzipped(path)) {
            head = in.readNBytes(TAR_MAGIC_AT + TAR_MAGIC.length);
        } catch (IOException e) {
            throw new IOException(path + ": cannot be read (" + Messages.reason(e) + ")", e);
        }
        if (head.length >= 4 && head[0] == 0 && head[1] == 0 && head[2] == IdxFile.UINT8 && head[3] <= 3) {
            return IDX;
        }
        if (ImageFormat.isStartOf(head)) {
            return IMAGE;
        }
        boolean tar = head.length == TAR_MAGIC_AT + TAR_MAGIC.length;
        for (int i = 0; tar && i < TAR_MAGIC.length; i++) {
            tar = head[TAR_MAGIC_AT + i] == TAR_MAGIC[i];
        }
        return tar ? TAR : OTHER;
    }

    /** The content of a file, taken out of gzip if it is in it. */
    static InputStream unzipped(Path path) throws IOException {
        InputStream in = new BufferedInputStream(Files.newInputStream(path), BUFFER);
        try {
            in.mark(2);
            boolean gzip = in.read() == 0x1F && in.read() == 0x8B;
            in.reset();
            return gzip ? new GZIPInputStream(in, BUFFER) : in;
        } catch (IOException e) {
            in.close();
            throw e;
        }
    }
}

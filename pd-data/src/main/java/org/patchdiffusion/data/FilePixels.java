package org.patchdiffusion.data;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * Images in a file, one after the other, read when they are shown. Read by an ordinary file rather than a channel, which an
 * interrupt of the reading thread would close.
 */
final class FilePixels implements PixelReader {

    private final Path path;
    private final int imageBytes;
    private final RandomAccessFile file;
    private boolean closed;

    FilePixels(Path path, int imageBytes) throws IOException {
        this.path = path;
        this.imageBytes = imageBytes;
        file = new RandomAccessFile(path.toFile(), "r");
    }

    @Override
    public ByteBuffer read(int index) {
        byte[] image = new byte[imageBytes];
        try {
            read((long) index * imageBytes, image);
        } catch (IOException e) {
            throw new IllegalStateException(
                    path + " cannot be read any more (" + (e.getMessage() == null ? "it was cut short" : e.getMessage())
                            + "); delete it and start again",
                    e);
        }
        return ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    }

    private synchronized void read(long at, byte[] out) throws IOException {
        if (closed) {
            throw new IllegalStateException(path + ": the data set is closed");
        }
        file.seek(at);
        file.readFully(out);
    }

    @Override
    public String place() {
        return "in the cache " + path;
    }

    @Override
    public synchronized void close() {
        closed = true;
        try {
            file.close();
        } catch (IOException e) {
            // Nothing was written, so nothing is lost.
            return;
        }
    }
}

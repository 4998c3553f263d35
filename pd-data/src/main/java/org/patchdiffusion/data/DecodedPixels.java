package org.patchdiffusion.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.patchdiffusion.data.source.Decoding;
import org.patchdiffusion.data.source.ImageSource;

/** Images decoded whenever they are shown. */
record DecodedPixels(
        ImageSource source,
        Decoding decoding,
        List<String> entries,
        SourceStamp stamp,
        DatasetDescription form,
        String reason)
        implements PixelReader {

    @Override
    public ByteBuffer read(int index) {
        // A pending interrupt would close the archive, for everybody.
        boolean interrupted = Thread.interrupted();
        try {
            byte[] pixels = decode(index);
            if (pixels.length != form.imageBytes()) {
                throw new IOException(
                        source.path() + ": image " + entries.get(index) + " has another size than before");
            }
            return ByteBuffer.wrap(pixels);
        } catch (IOException e) {
            throw new IllegalStateException(e.getMessage(), e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** That the file was changed explains every other failure, so it is told instead. */
    private byte[] decode(int index) throws IOException {
        try {
            return source.decode(entries.get(index), decoding).pixels();
        } finally {
            stamp.requireUnchanged(index);
        }
    }

    @Override
    public String place() {
        return "decoded on demand" + (reason.isEmpty() ? "" : " (" + reason + ")");
    }

    @Override
    public int threads() {
        return Math.max(2, Runtime.getRuntime().availableProcessors());
    }

    @Override
    public void close() {
        try {
            source.close();
        } catch (IOException e) {
            // Nothing was written, so nothing is lost.
            return;
        }
    }
}

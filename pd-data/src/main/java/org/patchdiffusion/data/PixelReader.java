package org.patchdiffusion.data;

import java.nio.ByteBuffer;

/**
 * Where the pixels of a data set come from: memory, a file, images decoded on demand, records of another library.
 * Implementations are safe for use by many threads.
 */
public interface PixelReader extends AutoCloseable {

    /**
     * The pixels of an image, layout [channels, height, width], from position 0 to the limit: uint8, or float32 in
     * little-endian order, as the description of the data set says. The buffer is the caller's own, but may share
     * memory with the data set: do not write to it.
     *
     * @param index 0 to size - 1
     * @throws IllegalStateException if the image cannot be read any more; the message names the file, what happened to
     *     it and what to do
     */
    ByteBuffer read(int index);

    /** Where the pixels are kept, in a few words for people, such as {@code in memory}. */
    String place();

    /** How many threads are of use in making batches: a core each if images are decoded, else enough to overlap. */
    default int threads() {
        return 2;
    }

    /** Lets go of files and memory. */
    @Override
    void close();
}

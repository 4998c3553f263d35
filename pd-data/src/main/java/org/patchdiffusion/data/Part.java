package org.patchdiffusion.data;

import java.nio.ByteBuffer;

/** Some images of a reader that has another owner: closing the part leaves it open. */
record Part(PixelReader whole, int[] indices) implements PixelReader {

    @Override
    public ByteBuffer read(int index) {
        return whole.read(indices[index]);
    }

    @Override
    public String place() {
        return whole.place();
    }

    @Override
    public int threads() {
        return whole.threads();
    }

    @Override
    public void close() {
        // The whole data set closes it.
    }
}

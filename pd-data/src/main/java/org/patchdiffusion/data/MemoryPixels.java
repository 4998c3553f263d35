package org.patchdiffusion.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Images held on the heap, one array each. */
final class MemoryPixels implements PixelReader {

    private final String name;
    private volatile byte[][] images;

    /** @param images the bytes of each image; kept, not copied */
    MemoryPixels(String name, byte[][] images) {
        this.name = name;
        this.images = images;
    }

    @Override
    public ByteBuffer read(int index) {
        byte[][] held = images;
        if (held == null) {
            throw new IllegalStateException(name + ": the data set is closed");
        }
        return ByteBuffer.wrap(held[index]).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public String place() {
        return "in memory";
    }

    @Override
    public void close() {
        images = null;
    }
}

package org.patchdiffusion.data;

/** What the elements of an image are. */
public enum PixelType {
    /** Samples 0 to 255; the network sees {@code v / 127.5 - 1}. */
    UINT8(Byte.BYTES),
    /** Values that the network sees as they are, such as latents. */
    FLOAT32(Float.BYTES);

    private final int bytes;

    PixelType(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of an element. */
    public int bytes() {
        return bytes;
    }
}

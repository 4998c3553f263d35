package org.patchdiffusion.data.source;

/**
 * A decoded image.
 *
 * @param height rows
 * @param width columns
 * @param pixels uint8, layout [3, height, width]: red, green, blue planes
 */
public record RgbImage(int height, int width, byte[] pixels) {

    /** Red, green and blue. */
    public static final int CHANNELS = 3;

    public RgbImage {
        if (pixels.length != CHANNELS * height * width) {
            throw new IllegalArgumentException("image of " + width + "x" + height + ": expected "
                    + CHANNELS * height * width + " bytes, got " + pixels.length);
        }
    }

    /** Width and height as people write them, for messages. */
    public String size() {
        return width + "x" + height;
    }

    /** The image mirrored left to right. */
    public RgbImage mirrored() {
        byte[] mirrored = new byte[pixels.length];
        for (int row = 0; row < pixels.length; row += width) {
            for (int column = 0; column < width; column++) {
                mirrored[row + column] = pixels[row + width - 1 - column];
            }
        }
        return new RgbImage(height, width, mirrored);
    }
}

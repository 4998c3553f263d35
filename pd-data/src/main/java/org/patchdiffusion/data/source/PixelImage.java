package org.patchdiffusion.data.source;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/**
 * A decoded image.
 *
 * @param channels number of channels: 1 gray, 2 gray and alpha, 3 red, green and blue, 4 these and alpha
 * @param height rows
 * @param width columns
 * @param pixels uint8, layout [channels, height, width]
 */
public record PixelImage(int channels, int height, int width, byte[] pixels) {

    /** @throws IllegalArgumentException if the number of bytes is not channels x height x width */
    public PixelImage {
        if (channels < 1 || height < 1 || width < 1 || pixels.length != (long) channels * height * width) {
            throw new IllegalArgumentException("an image of " + width + "x" + height + " with " + channels
                    + " channels needs " + (long) channels * height * width + " bytes, got " + pixels.length);
        }
    }

    /** Width and height as people write them, for messages. */
    public String size() {
        return width + "x" + height;
    }

    /** The image mirrored left to right. */
    public PixelImage mirrored() {
        byte[] mirrored = new byte[pixels.length];
        for (int row = 0; row < pixels.length; row += width) {
            for (int column = 0; column < width; column++) {
                mirrored[row + column] = pixels[row + width - 1 - column];
            }
        }
        return new PixelImage(channels, height, width, mirrored);
    }

    /**
     * The image on a larger one.
     *
     * @param canvasHeight rows of that, at least top plus those of this image
     * @param canvasWidth columns of that, at least left plus those of this image
     * @param around the sample of each channel where this image does not reach
     */
    public PixelImage onCanvas(int canvasHeight, int canvasWidth, int top, int left, IntUnaryOperator around) {
        int plane = Math.multiplyExact(canvasHeight, canvasWidth);
        byte[] canvas = new byte[Math.multiplyExact(channels, plane)];
        for (int c = 0; c < channels; c++) {
            Arrays.fill(canvas, c * plane, (c + 1) * plane, (byte) around.applyAsInt(c));
            for (int y = 0; y < height; y++) {
                int to = c * plane + (top + y) * canvasWidth + left;
                System.arraycopy(pixels, (c * height + y) * width, canvas, to, width);
            }
        }
        return new PixelImage(channels, canvasHeight, canvasWidth, canvas);
    }

    /** An opaque image of 1 or 3 channels as another number of channels. */
    PixelImage opaque(Decoding how) {
        if (how.channels() == channels) {
            return this;
        }
        int plane = height * width;
        byte[] to = new byte[how.channels() * plane];
        for (int i = 0; i < plane; i++) {
            if (how.colors() == 1 && channels == 3) {
                to[i] = (byte) luma(pixels[i] & 255, pixels[plane + i] & 255, pixels[2 * plane + i] & 255);
            } else {
                for (int c = 0; c < how.colors(); c++) {
                    to[c * plane + i] = pixels[(channels == 1 ? 0 : c) * plane + i];
                }
            }
        }
        if (how.alpha()) {
            Arrays.fill(to, how.colors() * plane, to.length, (byte) 255);
        }
        return new PixelImage(how.channels(), height, width, to);
    }

    /** Gray by ITU-R BT.601 in 16-bit fixed point; the weights have sum 65536. */
    public static int luma(int red, int green, int blue) {
        return 19595 * red + 38470 * green + 7471 * blue + (1 << 15) >> 16;
    }
}

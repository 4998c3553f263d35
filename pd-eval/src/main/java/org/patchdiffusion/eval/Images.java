package org.patchdiffusion.eval;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A set of 8-bit images of one size.
 *
 * @param channels 1 (gray) or 3 (red, green, blue) for pictures; metrics take any number
 * @param height in pixels
 * @param width in pixels
 * @param pixels one array for each image, {@code [C, H, W]}, unsigned; not copied
 */
public record Images(int channels, int height, int width, List<byte[]> pixels) {

    /**
     * Checks that every array has the size of an image.
     *
     * @throws IllegalArgumentException naming the first image that has not
     */
    public Images {
        pixels = List.copyOf(pixels);
        long length = (long) channels * height * width;
        for (int i = 0; i < pixels.size(); i++) {
            if (pixels.get(i).length != length) {
                throw new IllegalArgumentException("image " + i + " has " + pixels.get(i).length + " bytes, expected "
                        + length + " for " + channels + " channels of " + width + "x" + height);
            }
        }
    }

    /**
     * Converts what a sampler made: {@code v * 127.5 + 128}, clamped to [0, 255], fraction dropped (the official
     * tool's rule).
     *
     * @param images {@code [N, C, H, W]}, nominally in [-1, 1], any floating type
     * @throws IllegalArgumentException if the shape is not that of images or a value is not a number
     */
    public static Images fromModelRange(INDArray images) {
        if (images.rank() != 4) {
            throw new IllegalArgumentException(
                    "images have shape " + images.shapeInfoToString() + ", expected [images, channels, height, width]");
        }
        List<byte[]> pixels = new ArrayList<>();
        for (int n = 0; n < images.size(0); n++) {
            INDArray image = images.tensorAlongDimension(n, 1, 2, 3);
            try (INDArray values = image.castTo(DataType.DOUBLE).dup('c')) {
                pixels.add(quantize(values.data().asDouble(), n));
            }
        }
        return new Images((int) images.size(1), (int) images.size(2), (int) images.size(3), pixels);
    }

    private static byte[] quantize(double[] values, int image) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            if (Double.isNaN(values[i])) {
                throw new IllegalArgumentException(
                        "image " + image + " holds values that are not numbers: the model has diverged");
            }
            bytes[i] = (byte) (int) Math.max(0, Math.min(255, values[i] * 127.5 + 128));
        }
        return bytes;
    }

    /** Number of images. */
    public int count() {
        return pixels.size();
    }

    /** Value of one pixel, 0 to 255. */
    int value(int image, int channel, int y, int x) {
        return pixels.get(image)[(channel * height + y) * width + x] & 0xFF;
    }

    /** Colour of one pixel as 0xRRGGBB. */
    int rgb(int image, int y, int x) {
        int blueChannel = channels - 1;
        return value(image, 0, y, x) << 16 | value(image, blueChannel / 2, y, x) << 8 | value(image, blueChannel, y, x);
    }

    /**
     * One image for {@code ImageIO}: gray with one channel, RGB with three.
     *
     * @throws IllegalArgumentException if the images have another number of channels
     */
    public BufferedImage toBufferedImage(int image) {
        requirePicture();
        int type = channels == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB;
        BufferedImage picture = new BufferedImage(width, height, type);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                if (channels == 1) {
                    // setRGB would pass the value through a colour conversion.
                    picture.getRaster().setSample(x, y, 0, value(image, 0, y, x));
                } else {
                    picture.setRGB(x, y, rgb(image, y, x));
                }
            }
        }
        return picture;
    }

    /** Throws unless the images have 1 or 3 channels. */
    void requirePicture() {
        if (channels != 1 && channels != 3) {
            throw new IllegalArgumentException("images have " + channels
                    + " channels, expected 1 (gray) or 3 (RGB) for a picture; decode latents to pixels first");
        }
    }
}

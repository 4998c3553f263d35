package org.patchdiffusion.data.source;

/**
 * What image files are decoded to.
 *
 * @param channels 1 gray, 2 gray and alpha, 3 red, green and blue, 4 these and alpha. Gray samples are repeated in
 *     colour channels; colours become gray by ITU-R BT.601
 * @param background the colour that transparent images are composited on where alpha is not kept, as 0xRRGGBB
 */
public record Decoding(int channels, int background) {

    /** Three channels; what is transparent shows white. */
    public static final Decoding RGB = new Decoding(3, 0xFFFFFF);

    /** The most channels that an image file can be decoded to. */
    public static final int MAX_CHANNELS = 4;

    private static final int OPAQUE = 255;

    /** @throws IllegalArgumentException if a value is out of its range */
    public Decoding {
        if (channels < 1 || channels > MAX_CHANNELS) {
            throw new IllegalArgumentException("number of channels is " + channels
                    + ", expected 1 (gray), 2 (gray and alpha), 3 (RGB) or 4 (RGB and alpha)");
        }
        if (background < 0 || background > 0xFFFFFF) {
            throw new IllegalArgumentException(
                    "background colour is " + Integer.toHexString(background) + ", expected 000000 to ffffff");
        }
    }

    /** The background's sample of a channel, 0 to 255; as alpha it is opaque. */
    public int backgroundSample(int channel) {
        if (alpha() && channel == channels - 1) {
            return OPAQUE;
        }
        int red = background >> 16 & 255;
        int green = background >> 8 & 255;
        int blue = background & 255;
        if (colors() == 1) {
            return PixelImage.luma(red, green, blue);
        }
        return channel == 0 ? red : channel == 1 ? green : blue;
    }

    /** Whether alpha is kept. */
    boolean alpha() {
        return channels % 2 == 0;
    }

    /** Number of channels without alpha: 1 or 3. */
    int colors() {
        return alpha() ? channels - 1 : channels;
    }
}

package org.patchdiffusion.data.source;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.IOException;
import java.util.Optional;

/** Turns a decoded raster into upright 8-bit planes of the wanted channels, strip by strip. */
final class RasterReader {

    private static final int STRIP_PIXELS = 1 << 16;
    private static final int OPAQUE = 255;
    private static final int RGB = 3;

    private final BufferedImage image;
    private final ImageMetadata metadata;
    private final Decoding how;
    private final int width;
    private final int height;
    private final byte[] pixels;

    RasterReader(BufferedImage image, ImageMetadata metadata, Decoding how) {
        this.image = image;
        this.metadata = metadata;
        this.how = how;
        this.width = image.getWidth();
        this.height = image.getHeight();
        this.pixels = new byte[Math.multiplyExact(how.channels(), Math.multiplyExact(width, height))];
    }

    PixelImage read() throws IOException {
        if (image.isAlphaPremultiplied()) {
            image.coerceData(false);
        }
        int rows = Math.max(1, STRIP_PIXELS / width);
        Strip strip = new Strip(rows);
        if (strip.isPlain()) {
            return plain(rows);
        }
        for (int y = 0; y < height; y += rows) {
            int count = Math.min(rows, height - y);
            strip.read(y, count);
            for (int row = 0; row < count; row++) {
                place(strip, row, y + row);
            }
        }
        return metadata.turned()
                ? new PixelImage(how.channels(), width, height, pixels)
                : new PixelImage(how.channels(), height, width, pixels);
    }

    /** Most images are upright, opaque RGB of 8 bits: their bytes need no more than another order. */
    private PixelImage plain(int rows) {
        byte[] strip = new byte[Math.min(rows, height) * width * RGB];
        int plane = width * height;
        for (int y = 0; y < height; y += rows) {
            int count = Math.min(rows, height - y);
            image.getRaster().getDataElements(0, y, width, count, strip);
            int to = y * width;
            for (int i = 0; i < count * width; i++) {
                pixels[to + i] = strip[RGB * i];
                pixels[to + i + plane] = strip[RGB * i + 1];
                pixels[to + i + 2 * plane] = strip[RGB * i + 2];
            }
        }
        return new PixelImage(RGB, height, width, pixels);
    }

    /** Where the first pixel of a stored row goes when the picture is turned upright, and how far apart the next ones. */
    private void place(Strip strip, int row, int y) {
        int turnedWidth = metadata.turned() ? height : width;
        int first =
                switch (metadata.orientation()) {
                    case 2 -> y * width + width - 1;
                    case 3 -> (height - 1 - y) * width + width - 1;
                    case 4 -> (height - 1 - y) * width;
                    case 5 -> y;
                    case 6 -> height - 1 - y;
                    case 7 -> (width - 1) * turnedWidth + height - 1 - y;
                    case 8 -> (width - 1) * turnedWidth + y;
                    default -> y * width;
                };
        int step =
                switch (metadata.orientation()) {
                    case 2, 3 -> -1;
                    case 5, 6 -> turnedWidth;
                    case 7, 8 -> -turnedWidth;
                    default -> 1;
                };
        for (int x = 0; x < width; x++) {
            put(strip, row * width + x, first + x * step);
        }
    }

    private void put(Strip strip, int from, int to) {
        int alpha = strip.alpha[from];
        int red = strip.colors[RGB * from];
        int green = strip.colors[RGB * from + 1];
        int blue = strip.colors[RGB * from + 2];
        if (!how.alpha() && alpha != OPAQUE) {
            red = over(red, how.background() >> 16 & 255, alpha);
            green = over(green, how.background() >> 8 & 255, alpha);
            blue = over(blue, how.background() & 255, alpha);
        }
        int plane = width * height;
        if (how.colors() == RGB) {
            pixels[to] = (byte) red;
            pixels[to + plane] = (byte) green;
            pixels[to + 2 * plane] = (byte) blue;
        } else {
            pixels[to] = (byte) PixelImage.luma(red, green, blue);
        }
        if (how.alpha()) {
            pixels[to + (how.channels() - 1) * plane] = (byte) alpha;
        }
    }

    private static int over(int color, int background, int alpha) {
        return (color * alpha + background * (OPAQUE - alpha) + OPAQUE / 2) / OPAQUE;
    }

    /** Some rows as 8-bit sRGB, interleaved, with alpha beside them. */
    private final class Strip {

        private final Raster raster = image.getRaster();
        private final ColorModel model = image.getColorModel();
        private final int bands = raster.getNumBands();
        private final int colorBands = model.hasAlpha() ? bands - 1 : bands;
        private final int[] samples;
        private final int[] colors;
        private final int[] alpha;
        private final Optional<ColorProfile> profile;

        Strip(int rows) throws IOException {
            int size = Math.min(rows, height) * width;
            boolean indexed = model instanceof IndexColorModel;
            samples = new int[size * bands];
            colors = new int[size * RGB];
            alpha = new int[size];
            int bits = indexed ? Byte.SIZE : model.getComponentSize(0);
            if (bits > Short.SIZE) {
                throw new IOException("it has samples of " + bits + " bits; convert them to 8 or 16");
            }
            profile = ColorProfile.of(metadata.profile(), model, indexed ? RGB : colorBands, (1 << bits) - 1);
            if (!indexed && colorBands != 1 && colorBands != RGB && profile.isEmpty()) {
                throw new IOException("it has " + colorBands + " colour channels; convert it to RGB");
            }
        }

        boolean isPlain() {
            return how.channels() == RGB
                    && colorBands == RGB
                    && !model.hasAlpha()
                    && profile.isEmpty()
                    && metadata.orientation() == 1
                    && raster.getTransferType() == DataBuffer.TYPE_BYTE
                    && model instanceof ComponentColorModel;
        }

        void read(int y, int rows) {
            int count = rows * width;
            raster.getPixels(0, y, width, rows, samples);
            if (model instanceof IndexColorModel palette) {
                lookUp(palette, count);
                profile.ifPresent(p -> p.toSrgb(colors, RGB, colors, count));
                return;
            }
            int max = (1 << model.getComponentSize(0)) - 1;
            for (int i = 0; i < count; i++) {
                alpha[i] = model.hasAlpha() ? toByte(samples[i * bands + bands - 1], max) : OPAQUE;
            }
            if (profile.isPresent()) {
                profile.get().toSrgb(samples, bands, colors, count);
            } else {
                for (int i = 0; i < count; i++) {
                    for (int c = 0; c < RGB; c++) {
                        colors[RGB * i + c] = toByte(samples[i * bands + (colorBands == 1 ? 0 : c)], max);
                    }
                }
            }
        }

        private void lookUp(IndexColorModel palette, int count) {
            for (int i = 0; i < count; i++) {
                int argb = palette.getRGB(samples[i]);
                alpha[i] = argb >>> 24;
                colors[RGB * i] = argb >> 16 & 255;
                colors[RGB * i + 1] = argb >> 8 & 255;
                colors[RGB * i + 2] = argb & 255;
            }
        }

        private static int toByte(int sample, int max) {
            return max == 255 ? sample : (int) ((sample * 255L + max / 2) / max);
        }
    }
}

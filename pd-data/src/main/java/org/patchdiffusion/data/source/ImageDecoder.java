package org.patchdiffusion.data.source;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Decodes PNG and JPEG files to 8-bit RGB: gray is repeated in all channels, palettes are looked up, 16-bit samples are
 * rescaled, and transparency is composited on white. Colour profiles and gamma are ignored: samples are taken as
 * stored.
 */
public final class ImageDecoder {

    /** The most pixels that an image may have. */
    public static final long MAX_PIXELS = 8192L * 8192L;

    private static final int OPAQUE = 255;

    private ImageDecoder() {}

    /**
     * Decodes a file.
     *
     * @throws IOException if it is not a complete PNG or JPEG image of at most {@link #MAX_PIXELS}; the message
     *     continues a sentence that starts with the name of the file
     */
    public static RgbImage decode(byte[] file) throws IOException {
        ImageReader reader = reader(file);
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            // Metadata is skipped: nothing here needs it, and compressed text chunks can be bombs.
            reader.setInput(in, true, true);
            StringBuilder damage = new StringBuilder();
            reader.addIIOReadWarningListener((source, warning) -> noteDamage(warning, damage));
            requireSaneSize(reader.getWidth(0), reader.getHeight(0));
            BufferedImage image = reader.read(0);
            if (damage.length() > 0) {
                throw new IOException("is damaged (" + damage + ")");
            }
            return toRgb(image);
        } catch (SizeException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // Decoders meet damaged input with exceptions of many unchecked types.
            throw new IOException("cannot be decoded (" + reason(e) + ")", e);
        } finally {
            reader.dispose();
        }
    }

    private static ImageReader reader(byte[] file) throws IOException {
        String format;
        if (file.length >= 4 && file[0] == (byte) 0x89 && file[1] == 'P' && file[2] == 'N' && file[3] == 'G') {
            format = "png";
        } else if (file.length >= 2 && file[0] == (byte) 0xFF && file[1] == (byte) 0xD8) {
            format = "jpeg";
        } else {
            throw new IOException("is neither a PNG nor a JPEG image");
        }
        Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format);
        return readers.next();
    }

    private static void requireSaneSize(long width, long height) throws IOException {
        if (width * height > MAX_PIXELS) {
            throw new SizeException("is " + width + "x" + height + " pixels, more than the " + MAX_PIXELS + " allowed");
        }
    }

    private static final class SizeException extends IOException {
        private static final long serialVersionUID = 1L;

        SizeException(String message) {
            super(message);
        }
    }

    private static void noteDamage(String warning, StringBuilder damage) {
        String lower = warning.toLowerCase(Locale.ROOT);
        if (lower.contains("premature") || lower.contains("truncated") || lower.contains("corrupt")) {
            damage.append(damage.length() > 0 ? "; " : "").append(warning);
        }
    }

    private static String reason(Exception e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }

    private static RgbImage toRgb(BufferedImage image) throws IOException {
        ColorModel colors = image.getColorModel();
        int height = image.getHeight();
        int width = image.getWidth();
        byte[] pixels = new byte[RgbImage.CHANNELS * height * width];
        Raster raster = image.getRaster();
        int bands = raster.getNumBands();
        int[] samples = new int[width * bands];
        for (int y = 0; y < height; y++) {
            raster.getPixels(0, y, width, 1, samples);
            if (colors instanceof IndexColorModel palette) {
                paletteRow(samples, palette, pixels, y * width, height * width);
            } else {
                sampleRow(samples, bands, colors, pixels, y * width, height * width);
            }
        }
        return new RgbImage(height, width, pixels);
    }

    private static void paletteRow(int[] row, IndexColorModel palette, byte[] pixels, int start, int plane) {
        for (int x = 0; x < row.length; x++) {
            int argb = palette.getRGB(row[x]);
            int alpha = argb >>> 24;
            pixels[start + x] = onWhite(argb >> 16 & 255, alpha);
            pixels[start + x + plane] = onWhite(argb >> 8 & 255, alpha);
            pixels[start + x + 2 * plane] = onWhite(argb & 255, alpha);
        }
    }

    private static void sampleRow(int[] row, int bands, ColorModel colors, byte[] pixels, int start, int plane)
            throws IOException {
        int colorBands = colors.hasAlpha() ? bands - 1 : bands;
        if (colorBands != 1 && colorBands != RgbImage.CHANNELS) {
            throw new IOException("it has " + colorBands + " colour channels; convert it to RGB");
        }
        int max = (1 << colors.getComponentSize(0)) - 1;
        for (int x = 0; x < row.length / bands; x++) {
            int at = x * bands;
            int alpha = colors.hasAlpha() ? toByte(row[at + bands - 1], max) : OPAQUE;
            for (int c = 0; c < RgbImage.CHANNELS; c++) {
                int sample = row[at + (colorBands == 1 ? 0 : c)];
                pixels[start + x + c * plane] = onWhite(toByte(sample, max), alpha);
            }
        }
    }

    private static int toByte(int sample, int max) {
        return max == 255 ? sample : (int) ((sample * 255L + max / 2) / max);
    }

    private static byte onWhite(int color, int alpha) {
        return (byte) ((color * alpha + 255 * (OPAQUE - alpha) + OPAQUE / 2) / OPAQUE);
    }
}

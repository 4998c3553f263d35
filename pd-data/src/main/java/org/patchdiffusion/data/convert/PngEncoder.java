package org.patchdiffusion.data.convert;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.patchdiffusion.data.source.RgbImage;

/**
 * Writes small PNG files (ISO/IEC 15948): of gray, palette and RGB samples under each row filter, the shortest. Equal
 * pixels give equal files.
 */
final class PngEncoder {

    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    private static final int GRAY = 0;
    private static final int RGB = 2;
    private static final int PALETTE = 3;
    private static final int FILTERS = 5;
    private static final int MAX_PALETTE = 256;

    /** Filter chosen for each row by the smallest sum of absolute values. */
    private static final int ADAPTIVE = FILTERS;

    /** Larger images are not worth the time of trying every filter. */
    private static final int MAX_PIXELS_FOR_SEARCH = 128 * 128;

    private PngEncoder() {}

    static byte[] encode(RgbImage image) {
        int[] palette = palette(image);
        int colorType = isGray(image) ? GRAY : RGB;
        byte[] best = file(image, colorType, 8, null, smallest(samples(image, colorType), image.height(), colorType));
        if (palette != null) {
            int depth = palette.length <= 2 ? 1 : palette.length <= 4 ? 2 : palette.length <= 16 ? 4 : 8;
            byte[] rows = filtered(indices(image, palette, depth), image.height(), 1, 0);
            byte[] indexed = file(image, PALETTE, depth, palette, deflate(rows));
            best = indexed.length < best.length ? indexed : best;
        }
        return best;
    }

    private static boolean isGray(RgbImage image) {
        int plane = image.height() * image.width();
        byte[] p = image.pixels();
        for (int i = 0; i < plane; i++) {
            if (p[i] != p[i + plane] || p[i] != p[i + 2 * plane]) {
                return false;
            }
        }
        return true;
    }

    private static int color(RgbImage image, int pixel) {
        int plane = image.height() * image.width();
        byte[] p = image.pixels();
        return (p[pixel] & 255) << 16 | (p[pixel + plane] & 255) << 8 | p[pixel + 2 * plane] & 255;
    }

    /** The colours in ascending order, or null if there are more than a palette holds. */
    private static int[] palette(RgbImage image) {
        int[] colors = new int[image.height() * image.width()];
        for (int i = 0; i < colors.length; i++) {
            colors[i] = color(image, i);
        }
        int[] distinct = Arrays.stream(colors).sorted().distinct().toArray();
        return distinct.length <= MAX_PALETTE ? distinct : null;
    }

    private static byte[] samples(RgbImage image, int colorType) {
        int channels = colorType == GRAY ? 1 : RgbImage.CHANNELS;
        int plane = image.height() * image.width();
        byte[] samples = new byte[channels * plane];
        for (int c = 0; c < channels; c++) {
            for (int i = 0; i < plane; i++) {
                samples[i * channels + c] = image.pixels()[c * plane + i];
            }
        }
        return samples;
    }

    private static byte[] indices(RgbImage image, int[] palette, int depth) {
        int rowBytes = (image.width() * depth + 7) / 8;
        byte[] packed = new byte[rowBytes * image.height()];
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                int index = Arrays.binarySearch(palette, color(image, y * image.width() + x));
                int bit = x * depth;
                packed[y * rowBytes + bit / 8] |= (byte) (index << 8 - depth - bit % 8);
            }
        }
        return packed;
    }

    private static byte[] smallest(byte[] samples, int height, int colorType) {
        int pixelBytes = colorType == GRAY ? 1 : RgbImage.CHANNELS;
        byte[] best = deflate(filtered(samples, height, pixelBytes, ADAPTIVE));
        if (samples.length / pixelBytes <= MAX_PIXELS_FOR_SEARCH) {
            for (int filter = 0; filter < FILTERS; filter++) {
                byte[] other = deflate(filtered(samples, height, pixelBytes, filter));
                best = other.length < best.length ? other : best;
            }
        }
        return best;
    }

    private static byte[] filtered(byte[] samples, int height, int pixelBytes, int filter) {
        int rowBytes = samples.length / height;
        byte[] out = new byte[samples.length + height];
        byte[] row = new byte[rowBytes];
        for (int y = 0; y < height; y++) {
            int at = y * (rowBytes + 1);
            long least = Long.MAX_VALUE;
            for (int f = filter == ADAPTIVE ? 0 : filter; f < (filter == ADAPTIVE ? FILTERS : filter + 1); f++) {
                long sum = filterRow(samples, y * rowBytes, y > 0, pixelBytes, f, row);
                if (sum < least) {
                    least = sum;
                    out[at] = (byte) f;
                    System.arraycopy(row, 0, out, at + 1, rowBytes);
                }
            }
        }
        return out;
    }

    private static long filterRow(byte[] samples, int start, boolean hasUp, int pixelBytes, int filter, byte[] out) {
        long sum = 0;
        for (int i = 0; i < out.length; i++) {
            int at = start + i;
            int left = i >= pixelBytes ? samples[at - pixelBytes] & 255 : 0;
            int up = hasUp ? samples[at - out.length] & 255 : 0;
            int upLeft = hasUp && i >= pixelBytes ? samples[at - out.length - pixelBytes] & 255 : 0;
            int predicted =
                    switch (filter) {
                        case 0 -> 0;
                        case 1 -> left;
                        case 2 -> up;
                        case 3 -> (left + up) / 2;
                        default -> paeth(left, up, upLeft);
                    };
            out[i] = (byte) (samples[at] - predicted);
            sum += Math.abs(out[i]);
        }
        return sum;
    }

    private static int paeth(int left, int up, int upLeft) {
        int estimate = left + up - upLeft;
        int toLeft = Math.abs(estimate - left);
        int toUp = Math.abs(estimate - up);
        int toUpLeft = Math.abs(estimate - upLeft);
        if (toLeft <= toUp && toLeft <= toUpLeft) {
            return left;
        }
        return toUp <= toUpLeft ? up : upLeft;
    }

    private static byte[] deflate(byte[] rows) {
        Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION);
        try {
            deflater.setInput(rows);
            deflater.finish();
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] buffer = new byte[8192];
            while (!deflater.finished()) {
                out.write(buffer, 0, deflater.deflate(buffer));
            }
            return out.toByteArray();
        } finally {
            deflater.end();
        }
    }

    private static byte[] file(RgbImage image, int colorType, int depth, int[] palette, byte[] data) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(SIGNATURE);
        ByteBuffer header = ByteBuffer.allocate(13);
        header.putInt(image.width()).putInt(image.height()).put((byte) depth).put((byte) colorType);
        chunk(out, "IHDR", header.array());
        if (palette != null) {
            byte[] colors = new byte[3 * palette.length];
            for (int i = 0; i < palette.length; i++) {
                colors[3 * i] = (byte) (palette[i] >> 16);
                colors[3 * i + 1] = (byte) (palette[i] >> 8);
                colors[3 * i + 2] = (byte) palette[i];
            }
            chunk(out, "PLTE", colors);
        }
        chunk(out, "IDAT", data);
        chunk(out, "IEND", new byte[0]);
        return out.toByteArray();
    }

    private static void chunk(ByteArrayOutputStream out, String type, byte[] data) {
        ByteBuffer chunk = ByteBuffer.allocate(12 + data.length);
        chunk.putInt(data.length).put(type.getBytes(StandardCharsets.US_ASCII)).put(data);
        CRC32 crc = new CRC32();
        crc.update(chunk.array(), 4, 4 + data.length);
        out.writeBytes(chunk.putInt((int) crc.getValue()).array());
    }
}

package org.patchdiffusion.data.source;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Semaphore;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Decodes PNG, JPEG, WebP, GIF (its first frame), BMP and TIFF files to 8 bits a channel as a viewer shows them: turned
 * upright by their EXIF orientation, brought from their ICC profile to sRGB, palettes looked up, 16-bit samples
 * rescaled. Gamma and chromaticity that a PNG states without a profile are ignored.
 */
public final class ImageDecoder {

    /** Raised whenever the pixels that some file is decoded to change: caches of older ones are made again. */
    public static final int VERSION = 1;

    /** The most pixels that an image may have. */
    public static final long MAX_PIXELS = 8192L * 8192L;

    /** Decoding passes over all pixels that a progressive JPEG may ask for, in pixels: each scan is one. */
    private static final long MAX_SCANNED_PIXELS = 12 * MAX_PIXELS;

    /** What any file may claim, and how much more for each of its bytes: no compression here does better. */
    private static final long FREE_BYTES = 16 << 20;

    private static final long BYTES_PER_FILE_BYTE = 2048;
    private static final int BYTES_PER_PIXEL = 4;

    /** Larger images are decoded one at a time, so that many threads do not exhaust the memory. */
    private static final long LARGE_PIXELS = 4096L * 4096L;

    private static final Semaphore LARGE = new Semaphore(1);

    /** The words by which libjpeg tells of pixels that it had to guess; its other warnings harm nothing. */
    private static final List<String> DAMAGE = List.of(
            "Premature end of",
            "Corrupt JPEG data: premature end",
            "Corrupt JPEG data: bad Huffman code",
            "Corrupt JPEG data: found marker",
            "Inconsistent progression sequence");

    private static final int CMYK = 4;

    private ImageDecoder() {}

    /**
     * Decodes a file.
     *
     * @throws IOException if it is not a complete image of one of the formats with at most {@link #MAX_PIXELS}; the
     *     message continues a sentence that starts with the name of the file
     */
    public static PixelImage decode(byte[] file, Decoding how) throws IOException {
        try {
            ImageFormat format = ImageFormat.of(file);
            return switch (format) {
                case PNG -> decode(file, format.reader(), PngChunks.read(file), how);
                case JPEG -> decodeJpeg(file, how);
                case WEBP -> decode(WebpChunks.withoutProfile(file), format.reader(), WebpChunks.read(file), how);
                case TIFF -> decode(file, format.reader(), TiffTags.read(file, 0, file.length), how);
                case GIF -> decodeGif(file, how);
                case BMP -> decode(file, format.reader(), ImageMetadata.NONE, how);
            };
        } catch (OutOfMemoryError e) {
            throw new IOException(
                    "needs more memory than Java may use ("
                            + (Runtime.getRuntime().maxMemory() >> 20) + " MiB); start java with a larger -Xmx",
                    e);
        } catch (StackOverflowError e) {
            throw new IOException("is damaged (its parts are nested without end)", e);
        }
    }

    private static PixelImage decodeJpeg(byte[] file, Decoding how) throws IOException {
        JpegSegments segments = JpegSegments.read(file);
        ImageMetadata metadata = segments.metadata();
        boolean converted = segments.components() == CMYK;
        // Only the plugin for four components applies a profile itself; it needs one that is whole.
        byte[] content =
                converted && ColorProfile.fits(metadata.profile(), CMYK) ? file : JpegSegments.withoutProfile(file);
        ImageReader reader = converted ? ImageFormat.JPEG.reader("com.twelvemonkeys.") : ImageFormat.JPEG.reader();
        return decode(content, reader, metadata, segments.scans(), how);
    }

    private static PixelImage decodeGif(byte[] file, Decoding how) throws IOException {
        PixelImage frame = decode(file, ImageFormat.GIF.reader(), ImageMetadata.NONE, how);
        GifScreen screen = GifScreen.read(file, frame);
        if (screen.isFilledBy(frame)) {
            return frame;
        }
        requireSaneSize(screen.width(), screen.height(), 1, file.length);
        return screen.show(frame, how);
    }

    private static PixelImage decode(byte[] file, ImageReader reader, ImageMetadata metadata, Decoding how)
            throws IOException {
        return decode(file, reader, metadata, 1, how);
    }

    private static PixelImage decode(byte[] file, ImageReader reader, ImageMetadata metadata, int scans, Decoding how)
            throws IOException {
        boolean large = false;
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            // Metadata is skipped: what is needed of it was read, and compressed text chunks can be bombs.
            reader.setInput(in, true, true);
            StringBuilder damage = new StringBuilder();
            reader.addIIOReadWarningListener((source, warning) -> noteDamage(warning, damage));
            long pixels = requireSaneSize(reader.getWidth(0), reader.getHeight(0), scans, file.length);
            large = pixels > LARGE_PIXELS;
            if (large) {
                LARGE.acquireUninterruptibly();
            }
            BufferedImage image = reader.read(0);
            if (damage.length() > 0) {
                throw new RefusedException("is damaged (" + damage + ")");
            }
            return new RasterReader(image, metadata, how).read();
        } catch (RefusedException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // Decoders meet damaged input with exceptions of many unchecked types.
            throw new IOException("cannot be decoded (" + reason(e) + ")", e);
        } finally {
            if (large) {
                LARGE.release();
            }
            reader.dispose();
        }
    }

    private static long requireSaneSize(long width, long height, int scans, int bytes) throws IOException {
        long pixels = width * height;
        if (pixels > MAX_PIXELS) {
            throw new RefusedException(
                    "is " + width + "x" + height + " pixels, more than the " + MAX_PIXELS + " allowed");
        }
        if (pixels * BYTES_PER_PIXEL > FREE_BYTES + BYTES_PER_FILE_BYTE * bytes) {
            throw new RefusedException("claims " + width + "x" + height + " pixels in a file of " + bytes
                    + " bytes, which cannot hold a picture of that size");
        }
        if (scans > 1 && pixels * scans > MAX_SCANNED_PIXELS) {
            throw new RefusedException("has " + scans + " scans of " + width + "x" + height
                    + " pixels, more work than a picture is worth; save it as a baseline JPEG");
        }
        return pixels;
    }

    /** A picture that is refused with a message for the user as it is. */
    private static final class RefusedException extends IOException {
        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(message);
        }
    }

    private static void noteDamage(String warning, StringBuilder damage) {
        if (damage.length() == 0 && DAMAGE.stream().anyMatch(warning::startsWith)) {
            damage.append(warning);
        }
    }

    private static String reason(Exception e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof EOFException) {
            return "it ends too early";
        }
        boolean forPeople = cause instanceof IOException && cause.getMessage() != null;
        return forPeople
                ? cause.getMessage()
                : "its parts contradict each other: " + cause.getClass().getSimpleName();
    }
}

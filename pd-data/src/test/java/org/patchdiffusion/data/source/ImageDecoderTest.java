package org.patchdiffusion.data.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.patchdiffusion.data.TestImages;

class ImageDecoderTest {

    @Test
    void rgbPixelsComeAsPlanes() throws IOException {
        BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_INT_RGB);
        image.setRGB(0, 0, 0x010203);
        image.setRGB(1, 0, 0xF0E0D0);
        PixelImage decoded = decode(TestImages.encode(image, "png"));
        assertEquals("2x1", decoded.size());
        assertPixels(decoded, 0x01, 0xF0, 0x02, 0xE0, 0x03, 0xD0);
    }

    @Test
    void graySamplesAreTakenAsStored() throws IOException {
        BufferedImage image = new BufferedImage(3, 1, BufferedImage.TYPE_BYTE_GRAY);
        image.getRaster().setPixels(0, 0, 3, 1, new int[] {0, 100, 255});
        assertPixels(decode(TestImages.encode(image, "png")), 0, 100, 255, 0, 100, 255, 0, 100, 255);
    }

    @Test
    void sixteenBitSamplesAreRescaled() throws IOException {
        BufferedImage image = new BufferedImage(4, 1, BufferedImage.TYPE_USHORT_GRAY);
        image.getRaster().setPixels(0, 0, 4, 1, new int[] {0, 65535, 257 * 77, 257 * 77 + 129});
        PixelImage decoded = decode(TestImages.encode(image, "png"));
        assertEquals("[0, -1, 77, 78]", Arrays.toString(Arrays.copyOf(decoded.pixels(), 4)));
    }

    @Test
    void alphaIsCompositedOnWhite() throws IOException {
        BufferedImage image = new BufferedImage(3, 1, BufferedImage.TYPE_INT_ARGB);
        image.setRGB(0, 0, 0x00FF0000);
        image.setRGB(1, 0, 0xFF204060);
        image.setRGB(2, 0, 0x80000000);
        assertPixels(decode(TestImages.encode(image, "png")), 255, 0x20, 127, 255, 0x40, 127, 255, 0x60, 127);
    }

    @Test
    void palettesAreLookedUpWithTheirAlpha() throws IOException {
        byte[] red = {10, 20, (byte) 200};
        byte[] alpha = {(byte) 255, (byte) 255, 0};
        IndexColorModel palette = new IndexColorModel(8, 3, red, red, red, alpha);
        BufferedImage image = new BufferedImage(3, 1, BufferedImage.TYPE_BYTE_INDEXED, palette);
        image.getRaster().setPixels(0, 0, 3, 1, new int[] {1, 0, 2});
        assertPixels(decode(TestImages.encode(image, "png")), 20, 10, 255, 20, 10, 255, 20, 10, 255);
    }

    @Test
    void aTransparentColourBecomesWhite() throws IOException {
        BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_INT_RGB);
        image.setRGB(0, 0, 0x010203);
        image.setRGB(1, 0, 0x040506);
        byte[] file = TestImages.encode(image, "png");
        byte[] transparent = {0, 0, 0, 6, 't', 'R', 'N', 'S', 0, 1, 0, 2, 0, 3, 0, 0, 0, 0};
        CRC32 crc = new CRC32();
        crc.update(transparent, 4, 10);
        ByteBuffer.wrap(transparent).putInt(14, (int) crc.getValue());
        int afterHeader = 33;
        byte[] keyed = ByteBuffer.allocate(file.length + transparent.length)
                .put(file, 0, afterHeader)
                .put(transparent)
                .put(file, afterHeader, file.length - afterHeader)
                .array();
        assertPixels(decode(keyed), 255, 4, 255, 5, 255, 6);
    }

    @Test
    void oneBitGrayIsBlackAndWhite() throws IOException {
        BufferedImage image = new BufferedImage(3, 1, BufferedImage.TYPE_BYTE_BINARY);
        image.getRaster().setPixels(0, 0, 3, 1, new int[] {0, 1, 0});
        assertPixels(decode(TestImages.encode(image, "png")), 0, 255, 0, 0, 255, 0, 0, 255, 0);
    }

    @Test
    void jpegComesCloseToWhatWasDrawn() throws IOException {
        BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(new Color(40, 120, 200));
        graphics.fillRect(0, 0, 16, 16);
        graphics.dispose();
        PixelImage decoded = decode(TestImages.encode(image, "jpg"));
        int[] expected = {40, 120, 200};
        for (int i = 0; i < decoded.pixels().length; i++) {
            assertEquals(expected[i / 256], decoded.pixels()[i] & 255, 3);
        }
    }

    @Test
    void filesCutShortAreRefused() {
        for (String format : new String[] {"png", "jpg"}) {
            byte[] file = TestImages.encode(TestImages.random(32, 32, BufferedImage.TYPE_INT_RGB, 1), format);
            for (int length : new int[] {5, 30, file.length / 2, file.length * 9 / 10}) {
                Exception e = assertThrows(
                        IOException.class,
                        () -> decode(Arrays.copyOf(file, length)),
                        format + " of " + length + " bytes");
                assertTrue(e.getMessage().matches("(cannot be decoded|is damaged) \\(.+\\)"), e.getMessage());
            }
        }
    }

    @Test
    void otherFilesAreRefused() {
        Exception e = assertThrows(IOException.class, () -> decode(TestImages.text("plain text")));
        assertEquals("is not an image of the formats PNG, JPEG, WebP, GIF, BMP or TIFF", e.getMessage());
        assertThrows(IOException.class, () -> decode(new byte[0]));
    }

    @Test
    void absurdSizesAreRefusedBeforeDecoding() {
        byte[] file = TestImages.png(4, 4, 1);
        ByteBuffer header = ByteBuffer.wrap(file);
        header.putInt(16, 100_000);
        header.putInt(20, 100_000);
        CRC32 crc = new CRC32();
        crc.update(file, 12, 17);
        header.putInt(29, (int) crc.getValue());
        Exception e = assertThrows(IOException.class, () -> decode(file));
        assertEquals("is 100000x100000 pixels, more than the 67108864 allowed", e.getMessage());
    }

    @Test
    void everyFlippedByteIsEitherReadOrRefusedAsAnIoError() {
        byte[] file = TestImages.png(6, 5, 3);
        for (int i = 0; i < file.length; i++) {
            byte[] damaged = file.clone();
            damaged[i] ^= (byte) 0x55;
            try {
                decode(damaged);
            } catch (IOException e) {
                assertTrue(e.getMessage().length() > 10);
            }
        }
    }

    private static PixelImage decode(byte[] file) throws IOException {
        return ImageDecoder.decode(file, Decoding.RGB);
    }

    private static void assertPixels(PixelImage image, int... expected) {
        int[] got = new int[image.pixels().length];
        for (int i = 0; i < got.length; i++) {
            got[i] = image.pixels()[i] & 255;
        }
        assertEquals(Arrays.toString(expected), Arrays.toString(got));
    }
}

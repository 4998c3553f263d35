package org.patchdiffusion.data.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.patchdiffusion.data.TestImages;

class ColourAndFormatTest {

    private static final byte[] LINEAR =
            ICC_Profile.getInstance(ColorSpace.CS_LINEAR_RGB).getData();

    private static byte[] resource(String name) throws IOException {
        return Files.readAllBytes(Path.of("src/test/resources/images", name));
    }

    private static PixelImage decode(byte[] file) throws IOException {
        return ImageDecoder.decode(file, Decoding.RGB);
    }

    private static int[] pixel(PixelImage image, int x, int y) {
        int[] values = new int[image.channels()];
        for (int c = 0; c < values.length; c++) {
            values[c] = image.pixels()[(c * image.height() + y) * image.width() + x] & 255;
        }
        return values;
    }

    private static void assertNear(int[] want, int[] got, int tolerance) {
        for (int c = 0; c < want.length; c++) {
            assertEquals(want[c], got[c], tolerance, Arrays.toString(got));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void everyOrientationComesUpright(int orientation) throws IOException {
        PixelImage image = decode(resource("orientation-" + orientation + ".jpg"));
        assertEquals("16x16", image.size());
        assertNear(new int[] {200, 30, 40}, pixel(image, 3, 3), 12);
        assertNear(new int[] {40, 190, 60}, pixel(image, 12, 3), 12);
        assertNear(new int[] {30, 60, 210}, pixel(image, 3, 12), 12);
        assertNear(new int[] {230, 220, 40}, pixel(image, 12, 12), 12);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 0 1 2 3 4 5", "2, 2 1 0 5 4 3", "3, 5 4 3 2 1 0", "4, 3 4 5 0 1 2",
        "5, 0 3 1 4 2 5", "6, 3 0 4 1 5 2", "7, 5 2 4 1 3 0", "8, 2 5 1 4 0 3"
    })
    void orientationInPngTurnsEveryPixel(int orientation, String expected) throws IOException {
        BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_BYTE_GRAY);
        image.getRaster().setPixels(0, 0, 3, 2, new int[] {0, 1, 2, 3, 4, 5});
        byte[] exif = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte) orientation, 0, 0};
        PixelImage turned =
                ImageDecoder.decode(withChunk(TestImages.encode(image, "png"), "eXIf", exif), new Decoding(1, 0));
        assertEquals(orientation > 4 ? "2x3" : "3x2", turned.size());
        assertEquals("[" + expected.replace(" ", ", ") + "]", Arrays.toString(turned.pixels()));
    }

    @Test
    void orientationInTiffAndWebpTurnsThePicture() throws IOException {
        int[][] tags = {
            {256, 4, 3},
            {257, 4, 2},
            {258, 3, 8},
            {259, 3, 1},
            {262, 3, 1},
            {273, 4, 134},
            {274, 3, 6},
            {277, 3, 1},
            {278, 4, 2},
            {279, 4, 6}
        };
        ByteBuffer tiff = ByteBuffer.allocate(140).order(ByteOrder.LITTLE_ENDIAN);
        tiff.put(new byte[] {'I', 'I', 42, 0}).putInt(8).putShort((short) tags.length);
        for (int[] tag : tags) {
            tiff.putShort((short) tag[0]).putShort((short) tag[1]).putInt(1).putInt(tag[2]);
        }
        tiff.putInt(0).put(new byte[] {0, 1, 2, 3, 4, 5});
        PixelImage turned = ImageDecoder.decode(tiff.array(), new Decoding(1, 0));
        assertEquals("2x3", turned.size());
        assertEquals("[3, 0, 4, 1, 5, 2]", Arrays.toString(turned.pixels()));
        byte[] exif = Arrays.copyOf(tiff.array(), 134);
        byte[] webp = ByteBuffer.allocate(20 + exif.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("RIFF\0\0\0\0WEBPEXIF".getBytes(StandardCharsets.ISO_8859_1))
                .putInt(exif.length)
                .put(exif)
                .array();
        assertEquals(6, WebpChunks.read(webp).orientation());
    }

    /** A PNG with a chunk put in behind its header. */
    private static byte[] withChunk(byte[] png, String type, byte[] data) {
        int afterHeader = 33;
        ByteBuffer file = ByteBuffer.allocate(png.length + 12 + data.length);
        file.put(png, 0, afterHeader).putInt(data.length);
        byte[] body = ByteBuffer.allocate(4 + data.length)
                .put(type.getBytes(StandardCharsets.ISO_8859_1))
                .put(data)
                .array();
        CRC32 crc = new CRC32();
        crc.update(body);
        file.put(body).putInt((int) crc.getValue());
        return file.put(png, afterHeader, png.length - afterHeader).array();
    }

    private static byte[] withProfile(byte[] png, byte[] profile) {
        Deflater deflater = new Deflater();
        deflater.setInput(profile);
        deflater.finish();
        byte[] packed = new byte[profile.length + 1000];
        int length = deflater.deflate(packed);
        deflater.end();
        byte[] chunk = ByteBuffer.allocate(3 + length)
                .put(new byte[] {'x', 0, 0})
                .put(packed, 0, length)
                .array();
        return withChunk(png, "iCCP", chunk);
    }

    private static byte[] withSegment(byte[] jpeg, int marker, byte[] body) {
        return ByteBuffer.allocate(jpeg.length + 4 + body.length)
                .put(jpeg, 0, 2)
                .put((byte) 0xFF)
                .put((byte) marker)
                .putShort((short) (2 + body.length))
                .put(body)
                .put(jpeg, 2, jpeg.length - 2)
                .array();
    }

    private static byte[] profileSegment(byte[] profile) {
        return ByteBuffer.allocate(14 + profile.length)
                .put("ICC_PROFILE\0".getBytes(StandardCharsets.ISO_8859_1))
                .put(new byte[] {1, 1})
                .put(profile)
                .array();
    }

    private static BufferedImage flat(int type, int... samples) {
        BufferedImage image = new BufferedImage(16, 16, type);
        for (int i = 0; i < 256; i++) {
            image.getRaster().setPixel(i % 16, i / 16, samples);
        }
        return image;
    }

    /** IEC 61966-2-1. */
    private static int srgb(double linear) {
        return (int)
                Math.round(255 * (linear <= 0.0031308 ? 12.92 * linear : 1.055 * Math.pow(linear, 1 / 2.4) - 0.055));
    }

    @Test
    void profilesAreBroughtToSrgbInPngAndJpegAlike() throws IOException {
        int[] want = {srgb(20 / 255.0), srgb(128 / 255.0), srgb(200 / 255.0)};
        byte[] png = TestImages.encode(flat(BufferedImage.TYPE_INT_RGB, 20, 128, 200), "png");
        assertNear(want, pixel(decode(withProfile(png, LINEAR)), 7, 7), 1);
        byte[] jpeg = TestImages.encode(flat(BufferedImage.TYPE_INT_RGB, 20, 128, 200), "jpg");
        assertNear(want, pixel(decode(withSegment(jpeg, 0xE2, profileSegment(LINEAR))), 7, 7), 4);
        byte[] gray = TestImages.encode(flat(BufferedImage.TYPE_BYTE_GRAY, 128), "png");
        byte[] linearGray = ICC_Profile.getInstance(ColorSpace.CS_GRAY).getData();
        assertNear(new int[] {188, 188, 188}, pixel(decode(withProfile(gray, linearGray)), 7, 7), 1);
    }

    @Test
    void profilesAreBroughtToSrgbInTiff() throws IOException {
        int[] want = {srgb(230 / 255.0), srgb(220 / 255.0), srgb(40 / 255.0)};
        assertNear(want, pixel(decode(tiffWithProfile(resource("flat.tif"), LINEAR)), 4, 4), 1);
        assertNear(
                new int[] {230, 220, 40}, pixel(decode(tiffWithProfile(resource("flat.tif"), new byte[200])), 4, 4), 0);
    }

    /** A little-endian TIFF with one more tag, in a new directory at its end. */
    private static byte[] tiffWithProfile(byte[] tiff, byte[] profile) {
        ByteBuffer old = ByteBuffer.wrap(tiff).order(ByteOrder.LITTLE_ENDIAN);
        int directory = old.getInt(4);
        int entries = old.getShort(directory);
        int start = tiff.length + profile.length + (tiff.length + profile.length) % 2;
        ByteBuffer file =
                ByteBuffer.allocate(start + 2 + 12 * (entries + 1) + 4).order(ByteOrder.LITTLE_ENDIAN);
        file.put(tiff).put(profile).putInt(4, start).position(start);
        file.putShort((short) (entries + 1)).put(tiff, directory + 2, 12 * entries);
        file.putShort((short) 0x8773).putShort((short) 7).putInt(profile.length).putInt(tiff.length);
        return file.array();
    }

    @Test
    void profilesAreBroughtToSrgbInWebp() throws IOException {
        byte[] plain = resource("flat.webp");
        int[] stored = pixel(decode(plain), 4, 4);
        int[] want = new int[3];
        for (int c = 0; c < 3; c++) {
            want[c] = srgb(stored[c] / 255.0);
        }
        assertNear(want, pixel(decode(webpWithProfile(plain, LINEAR)), 4, 4), 1);
        assertNear(stored, pixel(decode(webpWithProfile(plain, new byte[200])), 4, 4), 0);
    }

    /** A WebP of 8x8 in the extended form, with a profile before its picture. */
    private static byte[] webpWithProfile(byte[] plain, byte[] profile) {
        int even = profile.length + profile.length % 2;
        ByteBuffer file = ByteBuffer.allocate(plain.length + 18 + 8 + even).order(ByteOrder.LITTLE_ENDIAN);
        file.put(plain, 0, 12).put("VP8X".getBytes(StandardCharsets.ISO_8859_1)).putInt(10);
        file.put(new byte[] {0x20, 0, 0, 0, 7, 0, 0, 7, 0, 0});
        file.put("ICCP".getBytes(StandardCharsets.ISO_8859_1)).putInt(profile.length);
        file.put(profile).position(12 + 18 + 8 + even);
        file.put(plain, 12, plain.length - 12).putInt(4, file.capacity() - 8);
        return file.array();
    }

    /** A frame of 2x1 at column 3, row 1 of a screen of 6x4: red, blue. */
    private static byte[] smallGif(int screenWidth, int screenHeight) throws IOException {
        BufferedImage frame = new BufferedImage(2, 1, BufferedImage.TYPE_INT_RGB);
        frame.setRGB(0, 0, 0xFF0000);
        frame.setRGB(1, 0, 0x0000FF);
        byte[] gif = TestImages.encode(frame, "gif");
        int at = 13 + ((gif[10] & 0x80) == 0 ? 0 : 3 << (gif[10] & 7) + 1);
        while (gif[at] == 0x21) {
            at += 2;
            while (gif[at] != 0) {
                at += 1 + (gif[at] & 255);
            }
            at++;
        }
        ByteBuffer.wrap(gif)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort(6, (short) screenWidth)
                .putShort(8, (short) screenHeight)
                .putShort(at + 1, (short) 3)
                .putShort(at + 3, (short) 1);
        return gif;
    }

    @Test
    void theFirstFrameOfAGifLiesWhereItBelongs() throws IOException {
        byte[] gif = smallGif(6, 4);
        PixelImage image = ImageDecoder.decode(gif, new Decoding(3, 0x102030));
        assertEquals("6x4", image.size());
        PixelImage clear = ImageDecoder.decode(gif, new Decoding(4, 0x102030));
        for (int i = 0; i < 24; i++) {
            boolean red = i == 6 + 3;
            boolean blue = i == 6 + 4;
            int[] want = red ? new int[] {255, 0, 0} : blue ? new int[] {0, 0, 255} : new int[] {0x10, 0x20, 0x30};
            assertArrayEquals(want, pixel(image, i % 6, i / 6), "pixel " + i);
            int[] with = red ? new int[] {255, 0, 0, 255} : blue ? new int[] {0, 0, 255, 255} : new int[4];
            assertArrayEquals(with, pixel(clear, i % 6, i / 6), "pixel " + i);
        }
        // Browsers let the screen grow to what the frame needs.
        assertEquals("5x2", decode(smallGif(0, 0)).size());
        assertEquals("5x4", decode(smallGif(2, 4)).size());
        String message = refusal(smallGif(60_000, 60_000));
        assertEquals("is 60000x60000 pixels, more than the 67108864 allowed", message);
        for (int length = 0; length < gif.length; length++) {
            refusalOrPicture(Arrays.copyOf(gif, length));
        }
    }

    @Test
    void sixteenBitsAreConvertedBeforeTheyAreRounded() throws IOException {
        ComponentColorModel model = new ComponentColorModel(
                ColorSpace.getInstance(ColorSpace.CS_sRGB), false, false, 1, DataBuffer.TYPE_USHORT);
        WritableRaster raster = Raster.createInterleavedRaster(DataBuffer.TYPE_USHORT, 4, 4, 3, null);
        for (int i = 0; i < 16; i++) {
            raster.setPixel(i % 4, i / 4, new int[] {300, 1000, 30000});
        }
        byte[] png = TestImages.encode(new BufferedImage(model, raster, false, null), "png");
        int[] want = {srgb(300 / 65535.0), srgb(1000 / 65535.0), srgb(30000 / 65535.0)};
        assertNear(want, pixel(decode(withProfile(png, LINEAR)), 1, 1), 1);
    }

    @Test
    void anSrgbProfileChangesNothing() throws IOException {
        byte[] srgb = ICC_Profile.getInstance(ColorSpace.CS_sRGB).getData();
        byte[] png = TestImages.png(16, 16, 1);
        assertArrayEquals(decode(png).pixels(), decode(withProfile(png, srgb)).pixels());
    }

    @Test
    void aDamagedOrUnfitProfileDoesNotRefuseAGoodPicture() throws IOException {
        byte[] gray = ICC_Profile.getInstance(ColorSpace.CS_GRAY).getData();
        byte[] noise = LINEAR.clone();
        for (int i = 128; i < noise.length; i++) {
            noise[i] ^= (byte) (31 * i);
        }
        byte[] png = TestImages.png(16, 16, 1);
        byte[] jpeg = TestImages.encode(flat(BufferedImage.TYPE_INT_RGB, 20, 128, 200), "jpg");
        byte[] want = decode(jpeg).pixels();
        for (byte[] profile : new byte[][] {gray, noise, Arrays.copyOf(LINEAR, 200), new byte[130], {1}}) {
            assertArrayEquals(
                    decode(png).pixels(), decode(withProfile(png, profile)).pixels());
            assertArrayEquals(
                    want,
                    decode(withSegment(jpeg, 0xE2, profileSegment(profile))).pixels());
        }
        assertArrayEquals(
                decode(png).pixels(),
                decode(withChunk(png, "iCCP", new byte[] {'x', 0, 0, 1, 2})).pixels());
    }

    @Test
    void everyFormatShowsItsColour() throws IOException {
        assertNear(new int[] {40, 190, 60}, pixel(decode(resource("flat.webp")), 4, 4), 3);
        assertNear(new int[] {30, 60, 210}, pixel(decode(resource("flat.bmp")), 4, 4), 3);
        assertNear(new int[] {230, 220, 40}, pixel(decode(resource("flat.tif")), 4, 4), 3);
        assertNear(new int[] {200, 100, 40}, pixel(decode(resource("cmyk.jpg")), 4, 4), 3);
        assertNear(new int[] {200, 100, 40}, pixel(decode(resource("progressive.jpg")), 4, 4), 3);
        byte[] gif = TestImages.encode(flat(BufferedImage.TYPE_INT_RGB, 255, 102, 51), "gif");
        assertNear(new int[] {255, 102, 51}, pixel(decode(gif), 4, 4), 3);
    }

    @Test
    void ycckIsTurnedToCmykFirst() throws IOException {
        byte[] file = resource("cmyk.jpg");
        file[17] = 2; // Adobe's marker now says YCCK; the samples stay Y 200, Cb 100, Cr 40, K 255.
        double red = 200 + 1.402 * (40 - 128);
        double blue = 200 + 1.772 * (100 - 128);
        int[] want = {(int) (255 - red), 0, (int) (255 - blue)};
        assertNear(want, pixel(decode(file), 4, 4), 3);
    }

    @Test
    void channelsAndBackgroundAreAsAsked() throws IOException {
        BufferedImage clear = new BufferedImage(1, 1, BufferedImage.TYPE_INT_ARGB);
        clear.setRGB(0, 0, 0x80C86428);
        byte[] png = TestImages.encode(clear, "png");
        assertArrayEquals(new int[] {200, 100, 40, 128}, pixel(ImageDecoder.decode(png, new Decoding(4, 0)), 0, 0));
        assertArrayEquals(new int[] {100, 50, 20}, pixel(ImageDecoder.decode(png, new Decoding(3, 0)), 0, 0));
        // ITU-R BT.601: 0.299, 0.587, 0.114.
        assertArrayEquals(new int[] {123, 128}, pixel(ImageDecoder.decode(png, new Decoding(2, 0)), 0, 0));
        assertArrayEquals(
                new int[] {255 * 127 / 255 + 100, 50, 20},
                pixel(ImageDecoder.decode(png, new Decoding(3, 0xFF0000)), 0, 0));
    }

    private static String refusal(byte[] file) {
        return assertThrows(IOException.class, () -> decode(file)).getMessage();
    }

    @Test
    void smallFilesOfHugePicturesAreRefusedBeforeTheyAreDecoded() {
        byte[] png = TestImages.png(4, 4, 1);
        assertEquals("is 60000x60000 pixels, more than the 67108864 allowed", refusal(resized(png, 60_000, 60_000)));
        String message = refusal(resized(png, 8192, 8192));
        assertTrue(message.startsWith("claims 8192x8192 pixels in a file of "), message);
    }

    private static byte[] resized(byte[] png, int width, int height) {
        byte[] file = png.clone();
        ByteBuffer header = ByteBuffer.wrap(file);
        header.putInt(16, width).putInt(20, height);
        CRC32 crc = new CRC32();
        crc.update(file, 12, 17);
        header.putInt(29, (int) crc.getValue());
        return file;
    }

    @Test
    void tooManyScansOfALargePictureAreRefused() throws IOException {
        byte[] file = resource("progressive.jpg");
        int frame = indexOf(file, 0xC2);
        ByteBuffer.wrap(file).putShort(frame + 5, (short) 8192).putShort(frame + 7, (short) 8192);
        int scan = indexOf(file, 0xDA);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(file, 0, scan);
        for (int i = 0; i < 60; i++) {
            out.write(file, scan, file.length - 2 - scan);
        }
        out.write(file, file.length - 2, 2);
        byte[] many = out.toByteArray();
        for (int i = 0; i < 3; i++) {
            many = withSegment(many, 0xFE, new byte[60_000]);
        }
        String message = refusal(many);
        assertTrue(message.matches("has \\d+ scans of 8192x8192 pixels, more work than a picture is worth.*"), message);
    }

    private static int indexOf(byte[] jpeg, int marker) {
        for (int i = 2; i < jpeg.length; i++) {
            if (jpeg[i] == (byte) 0xFF && jpeg[i + 1] == (byte) marker) {
                return i;
            }
        }
        throw new IllegalArgumentException("no marker " + marker);
    }

    @Test
    void damagedFilesOfEveryFormatEndInOneSentence() throws IOException {
        for (String name : new String[] {"flat.webp", "flat.bmp", "flat.tif", "cmyk.jpg", "progressive.jpg"}) {
            byte[] file = resource(name);
            for (int i = 0; i < file.length; i++) {
                byte[] damaged = file.clone();
                damaged[i] ^= (byte) 0x55;
                try {
                    decode(damaged);
                } catch (IOException e) {
                    assertTrue(e.getMessage().length() > 10, name);
                }
                refusalOrPicture(Arrays.copyOf(file, i));
            }
        }
    }

    private static void refusalOrPicture(byte[] file) {
        try {
            decode(file);
        } catch (IOException e) {
            assertTrue(e.getMessage().length() > 10);
        }
    }

    @Test
    void profileWarningsAreNoDamageButMissingPixelsAre() throws IOException {
        byte[] jpeg = TestImages.encode(TestImages.random(32, 32, BufferedImage.TYPE_INT_RGB, 1), "jpg");
        byte[] cut = Arrays.copyOf(jpeg, jpeg.length * 2 / 3);
        assertTrue(refusal(cut).contains("Corrupt JPEG data: premature end"), refusal(cut));
        byte[] half = profileSegment(Arrays.copyOf(LINEAR, LINEAR.length / 2));
        half[13] = 2; // One of two parts.
        assertArrayEquals(
                decode(jpeg).pixels(), decode(withSegment(jpeg, 0xE2, half)).pixels());
        // Bytes that nobody needs before the end are no damage either.
        byte[] extra = Arrays.copyOf(jpeg, jpeg.length + 3);
        System.arraycopy(jpeg, jpeg.length - 2, extra, extra.length - 2, 2);
        Arrays.fill(extra, jpeg.length - 2, extra.length - 2, (byte) 7);
        assertArrayEquals(decode(jpeg).pixels(), decode(extra).pixels());
    }
}

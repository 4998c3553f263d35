package org.patchdiffusion.data.convert;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.patchdiffusion.data.DatasetOptions;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.ProgressListener;
import org.patchdiffusion.data.Purpose;
import org.patchdiffusion.data.RandomStream;
import org.patchdiffusion.data.TestImages;
import org.patchdiffusion.data.source.ImageDecoder;
import org.patchdiffusion.data.source.ImageSource;
import org.patchdiffusion.data.source.LabelFile;
import org.patchdiffusion.data.source.PixelImage;

class DatasetConverterTest {

    @TempDir
    Path temp;

    private final Map<String, byte[]> files = new LinkedHashMap<>();

    @BeforeEach
    void threeLabelledImages() {
        for (int i = 0; i < 3; i++) {
            files.put("in/" + i + ".png", TestImages.png(8, 8, i));
        }
        files.put(
                "dataset.json",
                TestImages.text(
                        """
                {"labels": [["in/0.png", 2], ["in/1.png", 0], ["in/2.png", 2]], "classes": ["a", "b", "c"]}"""));
        files.put("NOTICE", TestImages.text("Copyright somebody.\n"));
        files.put("LICENSE.txt", TestImages.text("Do what you like."));
    }

    private Path convert(String name, ConvertOptions options) throws IOException {
        Path source = TestImages.zip(temp.resolve("source.zip"), files);
        Path target = temp.resolve(name);
        DatasetConverter.convert(source, target, options, ProgressListener.NONE);
        return target;
    }

    @Test
    void convertingToTheSameSizeKeepsPixelsAndLabels() throws IOException {
        Path target = convert("same.zip", ConvertOptions.to(8, 8, Transform.NONE));
        DatasetOptions labelled = DatasetOptions.ALL.withLabels(true);
        try (ImageDataset before = ImageDataset.open(temp.resolve("source.zip"), labelled, ProgressListener.NONE);
                ImageDataset after = ImageDataset.open(target, labelled, ProgressListener.NONE)) {
            assertEquals(3, after.size());
            assertEquals(3, after.labelDim());
            for (int i = 0; i < 3; i++) {
                assertArrayEquals(before.image(i), after.image(i));
                assertEquals(before.label(i), after.label(i));
            }
        }
        try (ImageSource source = ImageSource.open(target)) {
            assertEquals(
                    List.of(
                            "00000/img00000000.png",
                            "00000/img00000001.png",
                            "00000/img00000002.png",
                            "LICENSE.txt",
                            "NOTICE",
                            "dataset.json"),
                    source.entries());
            assertEquals(
                    "Copyright somebody.\nChanged from the source: the images were converted to 8x8 pixels.\n",
                    new String(source.read("NOTICE", 1000), StandardCharsets.UTF_8));
            assertEquals("Do what you like.", new String(source.read("LICENSE.txt", 1000), StandardCharsets.UTF_8));
            assertEquals(List.of("a", "b", "c"), LabelFile.read(source).get().classes());
        }
    }

    @Test
    void halvingASizeAveragesTwoByTwoPixels() throws IOException {
        Path target = convert("half.zip", ConvertOptions.to(4, 4, Transform.NONE));
        try (ImageDataset before = ImageDataset.open(temp.resolve("source.zip"));
                ImageDataset after = ImageDataset.open(target)) {
            for (int i = 0; i < 3; i++) {
                byte[] p = before.image(i);
                for (int at = 0; at < 48; at++) {
                    int corner = at / 4 * 16 + at % 4 * 2;
                    int sum = (p[corner] & 255) + (p[corner + 1] & 255) + (p[corner + 8] & 255) + (p[corner + 9] & 255);
                    assertEquals((sum + 2) / 4, after.image(i)[at] & 255);
                }
            }
        }
    }

    @Test
    void equalSourcesGiveEqualFiles() throws IOException {
        Path first = convert("first.zip", ConvertOptions.to(4, 4, Transform.NONE));
        Path second = convert("second.zip", ConvertOptions.to(4, 4, Transform.NONE));
        assertArrayEquals(Files.readAllBytes(first), Files.readAllBytes(second));
    }

    @Test
    void onlySomeClassesOrImages() throws IOException {
        Path twos = convert("twos.zip", new ConvertOptions(8, 8, Transform.NONE, 100, Set.of(2)));
        try (ImageDataset dataset =
                ImageDataset.open(twos, DatasetOptions.ALL.withLabels(true), ProgressListener.NONE)) {
            assertEquals(2, dataset.size());
            assertEquals(2, dataset.label(1));
            assertArrayEquals(ImageDecoder.decode(files.get("in/2.png")).pixels(), dataset.image(1));
        }
        Path one = convert("one.zip", new ConvertOptions(8, 8, Transform.NONE, 1, Set.of()));
        assertEquals(1, ImageDataset.open(one).size());
    }

    @Test
    void failuresLeaveNoFileBehind() throws IOException {
        files.put("in/1.png", TestImages.png(8, 6, 1));
        String message = assertThrows(
                        IOException.class, () -> convert("bad.zip", ConvertOptions.to(4, 4, Transform.NONE)))
                .getMessage();
        assertEquals(
                temp.resolve("source.zip") + ": image in/1.png is 8x6, which has another ratio than 4x4; use the"
                        + " transform center-crop or fit",
                message);
        try (Stream<Path> left = Files.list(temp)) {
            assertEquals(
                    List.of("source.zip"),
                    left.map(p -> p.getFileName().toString()).toList());
        }
        assertEquals(
                3,
                ImageDataset.open(convert("good.zip", ConvertOptions.to(4, 4, Transform.CENTER_CROP)))
                        .size());
    }

    @Test
    void anUnwritableTargetIsRefused() throws IOException {
        Files.write(temp.resolve("file"), new byte[1]);
        String message = assertThrows(
                        IOException.class, () -> convert("file/out.zip", ConvertOptions.to(4, 4, Transform.NONE)))
                .getMessage();
        assertTrue(message.startsWith(temp.resolve("file/out.zip") + ": cannot be written ("), message);
    }

    @Test
    void centerCropKeepsTheMiddle() {
        byte[] pixels = new byte[3 * 2 * 6];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (10 * (i % 6));
        }
        PixelImage cropped = Resampler.resample(new PixelImage(2, 6, pixels), 2, 2, Transform.CENTER_CROP);
        for (int i = 0; i < 12; i++) {
            assertEquals(i % 2 == 0 ? 20 : 30, cropped.pixels()[i]);
        }
    }

    @Test
    void fitCentersTheWholeImageOnWhite() {
        PixelImage black = new PixelImage(2, 4, new byte[24]);
        PixelImage fitted = Resampler.resample(black, 4, 4, Transform.FIT);
        for (int i = 0; i < 48; i++) {
            int row = i / 4 % 4;
            assertEquals(row == 1 || row == 2 ? 0 : -1, fitted.pixels()[i]);
        }
    }

    @Property
    void resizingKeepsAConstantAndDownsizingByAnAreaKeepsTheMean(
            @ForAll @IntRange(min = 1, max = 20) int height,
            @ForAll @IntRange(min = 1, max = 20) int width,
            @ForAll @IntRange(min = 1, max = 20) int newHeight,
            @ForAll @IntRange(min = 1, max = 20) int newWidth,
            @ForAll byte value) {
        byte[] pixels = new byte[3 * height * width];
        Arrays.fill(pixels, value);
        for (Transform transform : List.of(Transform.CENTER_CROP, Transform.FIT)) {
            PixelImage resized = Resampler.resample(new PixelImage(height, width, pixels), newHeight, newWidth, transform);
            assertEquals(newHeight, resized.height());
            assertEquals(newWidth, resized.width());
            for (byte pixel : resized.pixels()) {
                assertTrue(pixel == value || transform == Transform.FIT && pixel == -1);
            }
        }
        RandomStream.of(value, Purpose.INIT, height, width).nextBytes(pixels);
        PixelImage one = Resampler.resample(new PixelImage(height, width, pixels), height, width, Transform.NONE);
        assertArrayEquals(pixels, one.pixels());
        PixelImage average =
                Resampler.resample(new PixelImage(height, height, squareOf(pixels, height, width)), 1, 1, Transform.NONE);
        double sum = 0;
        for (byte b : squareOf(pixels, height, width)) {
            sum += b & 255;
        }
        double got = (average.pixels()[0] & 255) + (average.pixels()[1] & 255) + (average.pixels()[2] & 255);
        assertEquals(sum / (height * height), got, 1.5 + 1e-9);
    }

    private static byte[] squareOf(byte[] pixels, int height, int width) {
        byte[] square = new byte[3 * height * height];
        for (int i = 0; i < square.length; i++) {
            square[i] = pixels[i % pixels.length];
        }
        return square;
    }

    @Property
    void encodedPixelsComeBack(
            @ForAll @IntRange(min = 1, max = 33) int height,
            @ForAll @IntRange(min = 1, max = 33) int width,
            @ForAll @IntRange(min = 1, max = 300) int colors,
            @ForAll boolean gray,
            @ForAll long seed)
            throws IOException {
        RandomStream random = RandomStream.of(seed, Purpose.INIT, 0, 0);
        int plane = height * width;
        byte[] pixels = new byte[3 * plane];
        for (int i = 0; i < plane; i++) {
            int color = random.nextInt(colors) * 40503;
            for (int c = 0; c < 3; c++) {
                pixels[c * plane + i] = (byte) (gray ? color : color >> 5 * c);
            }
        }
        PixelImage decoded = ImageDecoder.decode(PngEncoder.encode(new PixelImage(height, width, pixels)));
        assertEquals(width + "x" + height, decoded.size());
        assertArrayEquals(pixels, decoded.pixels());
    }

    @Test
    void optionsOutOfRangeAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> ConvertOptions.to(0, 4, Transform.NONE));
        assertThrows(IllegalArgumentException.class, () -> ConvertOptions.to(100_000, 100_000, Transform.NONE));
        assertThrows(IllegalArgumentException.class, () -> new ConvertOptions(4, 4, Transform.NONE, 0, Set.of()));
        assertFalse(new DatasetConverter.Summary(1, false).labelled());
    }
}

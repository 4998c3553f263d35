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
        summarised(name, options);
        return temp.resolve(name);
    }

    private ConversionSummary summarised(String name, ConvertOptions options) throws IOException {
        Path source = TestImages.zip(temp.resolve("source.zip"), files);
        return DatasetConverter.convert(
                source, temp.resolve(name), Container.of(name), options, ProgressListener.NONE);
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

package org.patchdiffusion.data.convert;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
import org.patchdiffusion.data.source.Decoding;
import org.patchdiffusion.data.source.ImageDecoder;
import org.patchdiffusion.data.source.ImageSource;
import org.patchdiffusion.data.source.PixelImage;
import org.patchdiffusion.files.ZipArchive;

class DatasetConverterTest {

    private static final ConvertOptions AS_IS = ConvertOptions.builder().build();
    private static final DatasetOptions LABELLED = DatasetOptions.ALL.withLabels(true);

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

    private ConversionSummary convert(String name, ConvertOptions options) throws IOException {
        Path source = TestImages.zip(temp.resolve("source.zip"), files);
        return DatasetConverter.convert(source, temp.resolve(name), Container.of(name), options, ProgressListener.NONE);
    }

    private ImageDataset opened(String name, DatasetOptions options) throws IOException {
        return ImageDataset.open(temp.resolve(name), options, ProgressListener.NONE);
    }

    private String failure(String name, ConvertOptions options) {
        return assertThrows(IOException.class, () -> convert(name, options)).getMessage();
    }

    private byte[] entry(String zip, String name) throws IOException {
        try (ZipArchive archive = ZipArchive.open(temp.resolve(zip), new ZipArchive.Limits(1000, 1 << 20, 1 << 20))) {
            return archive.bytes(name, 1 << 20);
        }
    }

    @Test
    void convertingToTheSameSizeKeepsPixelsAndLabels() throws IOException {
        ConversionSummary summary = convert("same.zip", ConvertOptions.to(8, 8, Transform.NONE));
        assertEquals("3 images of 8x8 with labels (3 classes)", summary.description());
        assertEquals(List.of("no image has class 1 (b)"), summary.remarks());
        try (ImageDataset before = opened("source.zip", LABELLED);
                ImageDataset after = opened("same.zip", LABELLED)) {
            assertEquals(3, after.size());
            assertEquals(List.of("a", "b", "c"), after.description().classes());
            for (int i = 0; i < 3; i++) {
                assertArrayEquals(before.image(i), after.image(i));
                assertEquals(before.label(i), after.label(i));
            }
        }
        try (ZipArchive zip = ZipArchive.open(temp.resolve("same.zip"), new ZipArchive.Limits(100, 1 << 20, 1 << 20))) {
            assertEquals(
                    List.of(
                            "00000/img00000000.png",
                            "00000/img00000001.png",
                            "00000/img00000002.png",
                            "dataset.json",
                            "LICENSE.txt",
                            "NOTICE"),
                    zip.names());
        }
        assertEquals(
                "Copyright somebody.\nChanged from the source: the images were converted to 8x8 pixels.\n",
                new String(entry("same.zip", "NOTICE"), StandardCharsets.UTF_8));
        DatasetConverter.convert(
                temp.resolve("same.zip"), temp.resolve("again.zip"), Container.ZIP, AS_IS, ProgressListener.NONE);
        assertArrayEquals(Files.readAllBytes(temp.resolve("same.zip")), Files.readAllBytes(temp.resolve("again.zip")));
        assertEquals("Do what you like.", new String(entry("same.zip", "LICENSE.txt"), StandardCharsets.UTF_8));
    }

    @Test
    void equalSourcesGiveEqualFilesAsZipAndFolder() throws IOException {
        convert("first.zip", ConvertOptions.to(4, 4, Transform.NONE));
        convert("second.zip", ConvertOptions.to(4, 4, Transform.NONE));
        assertArrayEquals(
                Files.readAllBytes(temp.resolve("first.zip")), Files.readAllBytes(temp.resolve("second.zip")));
        convert("folder", ConvertOptions.to(4, 4, Transform.NONE));
        for (String name : List.of("00000/img00000002.png", "dataset.json", "NOTICE")) {
            assertArrayEquals(
                    entry("first.zip", name),
                    Files.readAllBytes(temp.resolve("folder").resolve(name)),
                    name);
        }
    }

    @Test
    void aFolderThatHoldsFilesIsNotTouched() throws IOException {
        Files.createDirectories(temp.resolve("empty"));
        assertEquals(3, convert("empty", AS_IS).images());
        assertEquals(
                temp.resolve("empty") + ": is a folder that holds files already; give the name of a new one, or of a"
                        + " .zip",
                failure("empty", AS_IS));
    }

    @Test
    void theSourceIsNeverTheTarget() throws IOException {
        byte[] before = Files.readAllBytes(TestImages.zip(temp.resolve("source.zip"), files));
        String message = failure("../" + temp.getFileName() + "/source.zip", AS_IS);
        assertTrue(
                message.endsWith("is the source itself or lies in it; choose another place for the output"), message);
        assertArrayEquals(before, Files.readAllBytes(temp.resolve("source.zip")));
        Path folder = TestImages.folder(temp.resolve("photos"), files);
        assertThrows(
                IOException.class,
                () -> DatasetConverter.convert(
                        folder, folder.resolve("out"), Container.FOLDER, AS_IS, ProgressListener.NONE));
    }

    @Test
    void onlySomeClassesOrImages() throws IOException {
        convert("twos.zip", ConvertOptions.builder().classes(Set.of(2)).build());
        try (ImageDataset dataset = opened("twos.zip", LABELLED)) {
            assertEquals(2, dataset.size());
            assertEquals(2, dataset.label(1));
            assertArrayEquals(
                    ImageDecoder.decode(files.get("in/2.png"), Decoding.RGB).pixels(), dataset.image(1));
        }
        assertEquals(
                1,
                convert("one.zip", ConvertOptions.builder().maxImages(1).build())
                        .images());
    }

    @Test
    void failuresLeaveNoFileBehind() throws IOException {
        files.put("in/1.png", TestImages.png(8, 6, 1));
        assertEquals(
                temp.resolve("source.zip") + ": image in/1.png is 8x6, which has another ratio than 4x4; use the"
                        + " transform center-crop or fit",
                failure("bad.zip", ConvertOptions.to(4, 4, Transform.NONE)));
        assertEquals(
                temp.resolve("source.zip") + ": image in/1.png is 8x6, expected 8x8 as in/0.png; give a --resolution",
                failure("bad.zip", AS_IS));
        assertTrue(failure("bad", AS_IS).contains("give a --resolution"));
        try (Stream<Path> left = Files.list(temp)) {
            assertEquals(
                    List.of("source.zip"),
                    left.map(p -> p.getFileName().toString()).toList());
        }
        assertEquals(
                3,
                convert("good.zip", ConvertOptions.to(4, 4, Transform.CENTER_CROP))
                        .images());
    }

    @Test
    void badImagesAreSkippedOnRequestAndCounted() throws IOException {
        files.put("in/0.png", TestImages.text("no picture"));
        files.put("in/3.png", TestImages.png(8, 8, 3));
        files.put("in/4.png", TestImages.png(8, 8, 4));
        files.put(
                "dataset.json",
                TestImages.text(
                        """
                {"labels": [["in/0.png", 0], ["in/1.png", 1], ["in/3.png", 1], ["in/4.png", 1], ["gone.png", 3]]}"""));
        assertEquals(
                temp.resolve("source.zip") + ": dataset.json gives no class to image in/2.png",
                failure("out.zip", AS_IS));
        ConversionSummary summary = convert(
                "out.zip", ConvertOptions.builder().skipBad(true).maxImages(2).build());
        assertEquals(2, summary.images());
        assertEquals(2, summary.skipped());
        assertEquals(
                List.of(
                        "skipped: " + temp.resolve("source.zip")
                                + ": image in/0.png is not an image of the formats PNG, JPEG, WebP, GIF, BMP or TIFF",
                        "skipped: " + temp.resolve("source.zip") + ": image in/2.png has no class in dataset.json",
                        "skipped 2 images in all",
                        "1 label names no image",
                        "no image has class 0"),
                summary.remarks());
        try (ImageDataset dataset = opened("out.zip", DatasetOptions.ALL)) {
            assertArrayEquals(
                    ImageDecoder.decode(files.get("in/3.png"), Decoding.RGB).pixels(), dataset.image(1));
        }
        files.keySet().removeIf(name -> name.endsWith(".png"));
        files.put("in/0.png", TestImages.text("no picture"));
        String message =
                failure("none.zip", ConvertOptions.builder().skipBad(true).build());
        assertTrue(message.contains("its 1 image cannot be used; "), message);
    }

    @Test
    void whatIsLeftOutIsCountedWithItsEndings() throws IOException {
        files.put("a.txt", new byte[1]);
        files.put("b.TXT", new byte[1]);
        files.put("Makefile", new byte[1]);
        files.put("Thumbs.db", new byte[1]);
        files.put("__MACOSX/in/._0.png", new byte[1]);
        files.put("in/.DS_Store", new byte[1]);
        List<String> remarks = convert("out.zip", AS_IS).remarks();
        assertTrue(remarks.contains("left out 3 files that are no images (no ending 1, .txt 2)"), remarks.toString());
        assertTrue(remarks.contains("passed over 3 hidden or system files"), remarks.toString());
    }

    @Test
    void classFoldersBecomeLabelsWithNames() throws IOException {
        files.clear();
        files.put("pets/dog/x/1.png", TestImages.png(8, 8, 1));
        files.put("pets/cat/2.png", TestImages.png(8, 8, 2));
        files.put("pets/dog/0.png", TestImages.png(8, 8, 0));
        convert("pets.zip", AS_IS);
        try (ImageDataset dataset = opened("pets.zip", LABELLED)) {
            assertEquals(List.of("cat", "dog"), dataset.description().classes());
            assertEquals(0, dataset.label(0));
            assertEquals(1, dataset.label(1));
            assertEquals(1, dataset.label(2));
        }
    }

    @Test
    void imagesAreWrittenWithTheDeclaredChannelsAndNoPalette() throws IOException {
        files.clear();
        BufferedImage gray = TestImages.random(8, 8, BufferedImage.TYPE_BYTE_GRAY, 1);
        files.put("gray.png", TestImages.encode(gray, "png"));
        int[] colorTypes = {0, 4, 2, 6};
        for (int channels = 1; channels <= 4; channels++) {
            String name = channels + ".zip";
            convert(
                    name,
                    ConvertOptions.builder().decoding(new Decoding(channels, 0)).build());
            assertEquals(colorTypes[channels - 1], entry(name, "00000/img00000000.png")[25]);
            try (ImageDataset dataset = opened(name, DatasetOptions.ALL)) {
                assertEquals(channels, dataset.channels());
                assertEquals(gray.getRaster().getSample(3, 2, 0), dataset.image(0)[2 * 8 + 3] & 255);
                assertEquals(channels % 2 == 0 ? -1 : dataset.image(0)[0], dataset.image(0)[(channels - 1) * 64]);
            }
        }
    }

    @Test
    void anUnwritableTargetIsRefused() throws IOException {
        Files.write(temp.resolve("file"), new byte[1]);
        for (String name : List.of("file/out.zip", "file/out", "file")) {
            String message = failure(name, AS_IS);
            assertTrue(
                    message.startsWith("cannot write ")
                            && message.contains(temp.resolve(name).toString()),
                    message);
        }
    }

    @Property(tries = 200)
    void encodedPixelsComeBack(
            @ForAll @IntRange(min = 1, max = 33) int height,
            @ForAll @IntRange(min = 1, max = 33) int width,
            @ForAll @IntRange(min = 1, max = 4) int channels,
            @ForAll @IntRange(min = 1, max = 300) int colors,
            @ForAll boolean gray,
            @ForAll long seed)
            throws IOException {
        RandomStream random = RandomStream.of(seed, Purpose.INIT, 0, 0);
        int plane = height * width;
        byte[] pixels = new byte[channels * plane];
        for (int i = 0; i < plane; i++) {
            int color = random.nextInt(colors) * 40503;
            for (int c = 0; c < channels; c++) {
                pixels[c * plane + i] = (byte) (gray ? color : color >> 5 * c);
            }
        }
        byte[] file = PngFile.encode(new PixelImage(channels, height, width, pixels));
        PixelImage decoded = ImageDecoder.decode(file, new Decoding(channels, 0));
        assertEquals(width + "x" + height, decoded.size());
        assertArrayEquals(pixels, decoded.pixels());
    }

    @Test
    void optionsOutOfRangeAreRefused() {
        List<ConvertOptions.Builder> wrong = new ArrayList<>();
        wrong.add(ConvertOptions.builder().size(0, 4));
        wrong.add(ConvertOptions.builder().size(100_000, 100_000));
        wrong.add(ConvertOptions.builder().maxImages(0));
        wrong.add(ConvertOptions.builder().classes(Set.of(-1)));
        wrong.add(ConvertOptions.builder().transform(Transform.FIT));
        wrong.add(ConvertOptions.builder().size(8, 8).transform(Transform.CENTER_CROP_WIDE));
        for (ConvertOptions.Builder options : wrong) {
            assertThrows(IllegalArgumentException.class, options::build);
        }
        assertThrows(IllegalArgumentException.class, () -> new Decoding(5, 0));
        assertThrows(IllegalArgumentException.class, () -> new Decoding(3, 1 << 24));
    }

    @Test
    void theSourceMayBeGoneOrEmpty() throws IOException {
        files.clear();
        files.put("movie.mp4", new byte[1]);
        assertTrue(failure("out.zip", AS_IS).contains("holds no images, but 1 file that is no image (.mp4 1)"));
        try (ImageSource source = ImageSource.open(temp.resolve("source.zip"))) {
            assertEquals(List.of(), source.images());
        }
    }
}

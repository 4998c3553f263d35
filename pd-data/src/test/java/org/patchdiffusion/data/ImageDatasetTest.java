package org.patchdiffusion.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.patchdiffusion.data.source.Decoding;
import org.patchdiffusion.data.source.ImageDecoder;

class ImageDatasetTest {

    @TempDir
    Path temp;

    private final Map<String, byte[]> files = new LinkedHashMap<>();

    private ImageDataset open(DatasetOptions options) throws IOException {
        Path zip = TestImages.zip(temp.resolve("faces.zip"), files);
        return ImageDataset.open(zip, options, ProgressListener.NONE);
    }

    private String failure(DatasetOptions options) {
        String message = assertThrows(IOException.class, () -> open(options)).getMessage();
        assertTrue(message.startsWith(temp.resolve("faces.zip") + ": "), message);
        return message.substring(temp.toString().length() + 1);
    }

    private void addImages(int count) {
        for (int i = count - 1; i >= 0; i--) {
            files.put(String.format("%02d/img.png", i), TestImages.png(6, 4, i));
        }
    }

    private static DatasetOptions labelled() {
        return DatasetOptions.ALL.withLabels(true);
    }

    @Test
    void imagesComeInTheOrderOfTheirPathsWithTheirLabels() throws IOException {
        addImages(3);
        files.put("README.txt", TestImages.text("not an image"));
        files.put("__MACOSX/._00.png", TestImages.text("not an image"));
        files.put(
                "dataset.json",
                TestImages.text(
                        """
                {"labels": [["02/img.png", 0], ["00/img.png", 4], ["01/img.png", 2]]}"""));
        try (ImageDataset dataset = open(labelled())) {
            assertEquals("faces", dataset.name());
            assertEquals(
                    "3 4 6 3 5",
                    String.join(
                            " ",
                            List.of(
                                            dataset.size(),
                                            dataset.height(),
                                            dataset.width(),
                                            dataset.channels(),
                                            dataset.labelDim())
                                    .stream()
                                    .map(String::valueOf)
                                    .toList()));
            for (int i = 0; i < 3; i++) {
                assertArrayEquals(
                        ImageDecoder.decode(TestImages.png(6, 4, i), Decoding.RGB)
                                .pixels(),
                        dataset.image(i));
            }
            assertEquals("4 2 0", dataset.label(0) + " " + dataset.label(1) + " " + dataset.label(2));
        }
    }

    @Test
    void folderAndZipAreTheSameDataSet() throws IOException {
        addImages(3);
        Path folder = TestImages.folder(temp.resolve("set"), files);
        try (ImageDataset zipped = open(DatasetOptions.ALL);
                ImageDataset unpacked = ImageDataset.open(folder)) {
            assertEquals("set", unpacked.name());
            assertEquals(0, unpacked.labelDim());
            assertEquals(-1, unpacked.label(0));
            assertEquals(zipped.fingerprint(), unpacked.fingerprint());
            assertTrue(zipped.fingerprint().matches("[0-9a-f]{64}"));
        }
    }

    @Test
    void theFingerprintKnowsNamesPixelsAndLabels() throws IOException {
        addImages(2);
        files.put("dataset.json", TestImages.text("{\"labels\": [[\"00/img.png\", 0], [\"01/img.png\", 1]]}"));
        String original = open(labelled()).fingerprint();
        assertNotEquals(original, open(DatasetOptions.ALL).fingerprint());
        files.put("dataset.json", TestImages.text("{\"labels\": [[\"00/img.png\", 1], [\"01/img.png\", 1]]}"));
        assertNotEquals(original, open(labelled()).fingerprint());
        files.remove("dataset.json");
        String unlabelled = open(DatasetOptions.ALL).fingerprint();
        files.put("01/img.png", TestImages.png(6, 4, 99));
        assertNotEquals(unlabelled, open(DatasetOptions.ALL).fingerprint());
        byte[] first = files.remove("00/img.png");
        files.put("00/renamed.png", first);
        files.put("01/img.png", TestImages.png(6, 4, 1));
        assertNotEquals(unlabelled, open(DatasetOptions.ALL).fingerprint());
    }

    @Test
    void partsHaveFingerprintsOfTheirOwn() throws IOException {
        addImages(4);
        files.put(
                "dataset.json",
                TestImages.text(
                        """
                {"labels": [["00/img.png", 0], ["01/img.png", 1], ["02/img.png", 2], ["03/img.png", 0]]}"""));
        ImageDataset all = open(labelled());
        ImageDataset part = all.subset(3, 1);
        assertEquals("2 0 1 3", part.size() + " " + part.label(0) + " " + part.label(1) + " " + part.labelDim());
        assertArrayEquals(all.image(3), part.image(0));
        assertArrayEquals(all.values(1), part.values(1));
        assertEquals(part.fingerprint(), open(labelled()).subset(3, 1).fingerprint());
        Set<String> fingerprints = new HashSet<>(List.of(all.fingerprint(), part.fingerprint()));
        for (int[] other : new int[][] {{1, 3}, {3}, {3, 1, 1}, {3, 2}, {0, 1, 2, 3}}) {
            assertTrue(fingerprints.add(all.subset(other).fingerprint()), Arrays.toString(other));
        }
        files.put("01/img.png", TestImages.png(6, 4, 99));
        assertTrue(fingerprints.add(open(labelled()).subset(3, 1).fingerprint()));
        part.close();
        assertEquals(3 * 6 * 4, all.image(0).length);
        assertThrows(IndexOutOfBoundsException.class, () -> all.subset(4));
        assertThrows(IllegalArgumentException.class, all::subset);
    }

    @Property(tries = 50)
    void aSplitSharesNoImageAndLeavesNoneOut(
            @ForAll @IntRange(min = 2, max = 60) int size,
            @ForAll @DoubleRange(min = 0.01, max = 0.99) double fraction,
            @ForAll long seed) {
        List<byte[]> images = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            images.add(new byte[] {(byte) i});
        }
        ImageDataset all = ImageDataset.ofBytes("numbers", 1, 1, 1, images, null, List.of());
        DatasetSplit split = all.split(fraction, seed);
        List<Byte> seen = new ArrayList<>();
        for (ImageDataset part : List.of(split.training(), split.heldOut())) {
            int last = -1;
            for (int i = 0; i < part.size(); i++) {
                assertTrue(part.image(i)[0] > last);
                last = part.image(i)[0];
                seen.add(part.image(i)[0]);
            }
        }
        assertEquals(size, seen.size());
        assertEquals(size, Set.copyOf(seen).size());
        assertEquals(fraction * size, split.heldOut().size(), 1);
        assertEquals(
                split.heldOut().fingerprint(),
                all.split(fraction, seed).heldOut().fingerprint());
        assertNotEquals(split.training().fingerprint(), split.heldOut().fingerprint());
    }

    @Test
    void imagesOfAnyChannelsAndFloatsComeAsTheNetworkSeesThem() {
        ImageDataset bytes = ImageDataset.ofBytes(
                "two channels",
                2,
                1,
                3,
                List.of(new byte[] {0, 51, (byte) 255, 127, 1, 2}),
                new int[] {1},
                List.of("cat", "dog"));
        assertArrayEquals(
                new float[] {-1, -0.6f, 1, 127 / 127.5f - 1, 1 / 127.5f - 1, 2 / 127.5f - 1}, bytes.values(0), 1e-7f);
        assertEquals("two channels: 1 image of 3x1 with 2 channels, 2 classes, in memory", bytes.toString());
        float[] latents = new float[16 * 2 * 2];
        Arrays.fill(latents, 3.25f);
        latents[5] = -7;
        ImageDataset floats = ImageDataset.ofFloats("latents", 16, 2, 2, List.of(latents), null, List.of());
        assertArrayEquals(latents, floats.values(0));
        assertThrows(IllegalStateException.class, () -> floats.image(0));
        assertNotEquals(
                floats.fingerprint(),
                ImageDataset.ofFloats("latents", 16, 2, 2, List.of(new float[64]), null, List.of())
                        .fingerprint());
        List<float[]> tooMany = List.of(new float[17]);
        assertThrows(
                IllegalArgumentException.class,
                () -> ImageDataset.ofFloats("latents", 17, 1, 1, tooMany, null, List.of()));
        assertThrows(
                IllegalArgumentException.class,
                () -> ImageDataset.ofFloats("latents", 16, 1, 1, tooMany, null, List.of()));
        assertThrows(
                IllegalArgumentException.class,
                () -> ImageDataset.ofBytes("x", 1, 1, 1, List.of(new byte[1]), new int[] {2}, List.of("a", "b")));
    }

    @Test
    void aSubsetIsChosenByItsSeedAndKeepsItsOrder() throws IOException {
        addImages(20);
        ImageDataset all = open(DatasetOptions.ALL);
        List<Integer> first = positions(all, open(DatasetOptions.ALL.withMaxSize(7, 1)));
        assertEquals(7, first.size());
        assertEquals(first.stream().sorted().toList(), first);
        assertEquals(first, positions(all, open(DatasetOptions.ALL.withMaxSize(7, 1))));
        assertNotEquals(first, positions(all, open(DatasetOptions.ALL.withMaxSize(7, 2))));
        assertEquals(20, open(DatasetOptions.ALL.withMaxSize(100, 1)).size());
    }

    private static List<Integer> positions(ImageDataset all, ImageDataset part) {
        List<Integer> positions = new ArrayList<>();
        for (int i = 0; i < part.size(); i++) {
            for (int j = 0; j < all.size(); j++) {
                if (Arrays.equals(part.image(i), all.image(j))) {
                    positions.add(j);
                }
            }
        }
        return positions;
    }

    @Test
    void theClassFilterKeepsClassNumbers() throws IOException {
        addImages(3);
        files.put(
                "dataset.json",
                TestImages.text(
                        """
                {"labels": [["00/img.png", 2], ["01/img.png", 0], ["02/img.png", 2]], "classes": ["a", "b", "c", "d"]}"""));
        try (ImageDataset dataset = open(labelled().withClasses(Set.of(2)))) {
            assertEquals(2, dataset.size());
            assertEquals(4, dataset.labelDim());
            assertEquals(2, dataset.label(1));
        }
        assertEquals(0, open(DatasetOptions.ALL.withClasses(Set.of(0))).labelDim());
        assertEquals(
                "faces.zip: holds no image of class [3]; its classes are 0 to 3",
                failure(DatasetOptions.ALL.withClasses(Set.of(3))));
    }

    @Test
    void progressRisesToTheNumberOfImages() throws IOException {
        addImages(5);
        List<String> heard = new ArrayList<>();
        Path zip = TestImages.zip(temp.resolve("faces.zip"), files);
        ImageDataset.open(zip, DatasetOptions.ALL, (done, total) -> heard.add(done + "/" + total));
        assertEquals(List.of("1/5", "2/5", "3/5", "4/5", "5/5"), heard);
    }

    @Test
    void missingAndEmptySourcesAreRefused() throws IOException {
        Path nowhere = temp.resolve("nowhere");
        assertEquals(
                nowhere + ": there is no such file or folder; give a folder or a zip of "
                        + "PNG, JPEG, WebP, GIF, BMP or TIFF images",
                assertThrows(IOException.class, () -> ImageDataset.open(nowhere))
                        .getMessage());
        String advice = "; put PNG, JPEG, WebP, GIF, BMP or TIFF files inside";
        assertEquals("faces.zip: holds no images" + advice, failure(DatasetOptions.ALL));
        files.put("notes.txt", TestImages.text("hello"));
        assertEquals(
                "faces.zip: holds no images, but 1 file that is no image (.txt 1)" + advice,
                failure(DatasetOptions.ALL));
        Path text = Files.write(temp.resolve("notes.zip"), TestImages.text("hello"));
        String message =
                assertThrows(IOException.class, () -> ImageDataset.open(text)).getMessage();
        assertEquals(
                text + " is not a zip file; expected a folder or a zip of PNG, JPEG, WebP, GIF, BMP or TIFF images,"
                        + " cifar-10-python.tar.gz, an idx file of MNIST, or the folder of an LSUN lmdb",
                message);
        Path picture = Files.write(temp.resolve("one.zip"), TestImages.png(4, 4, 1));
        assertEquals(
                picture + " is a single image; give the folder that it lies in, or a zip",
                assertThrows(IOException.class, () -> ImageDataset.open(picture))
                        .getMessage());
    }

    @Test
    void mixedSizesAreRefusedNamingTheImage() {
        addImages(3);
        files.put("01/img.png", TestImages.png(8, 4, 1));
        assertEquals(
                "faces.zip: image 01/img.png is 8x4, expected 6x4 as 00/img.png; run \"pd dataset --source "
                        + temp.resolve("faces.zip")
                        + " --dest faces-16x16.zip --resolution 16x16 --transform center-crop\" first",
                failure(DatasetOptions.ALL));
    }

    @Test
    void damagedImagesAreRefusedNamingTheImage() {
        addImages(3);
        files.put("02/img.png", Arrays.copyOf(files.get("02/img.png"), 60));
        String message = failure(DatasetOptions.ALL);
        assertTrue(message.startsWith("faces.zip: image 02/img.png cannot be decoded ("), message);
        files.put("02/img.png", TestImages.text("hello"));
        assertEquals(
                "faces.zip: image 02/img.png is not an image of the formats " + "PNG, JPEG, WebP, GIF, BMP or TIFF",
                failure(DatasetOptions.ALL));
    }

    @Test
    void zipsCutShortAreRefused() throws IOException {
        addImages(3);
        byte[] zip = Files.readAllBytes(TestImages.zip(temp.resolve("whole.zip"), files));
        Path cut = Files.write(temp.resolve("cut.zip"), Arrays.copyOf(zip, zip.length - 40));
        String message =
                assertThrows(IOException.class, () -> ImageDataset.open(cut)).getMessage();
        assertTrue(message.startsWith(cut + " is cut short"), message);
    }

    @Test
    void damagedZipEntriesAreRefusedNamingTheImage() throws IOException {
        addImages(1);
        Path path = TestImages.zip(temp.resolve("damaged.zip"), files);
        byte[] zip = Files.readAllBytes(path);
        Arrays.fill(zip, 60, 90, (byte) 0xFF);
        Files.write(path, zip);
        String message =
                assertThrows(IOException.class, () -> ImageDataset.open(path)).getMessage();
        assertTrue(message.startsWith(path + ": the entry 00/img.png cannot be read: "), message);
    }

    @Test
    void zipBombsAreRefused() {
        files.put("bomb.png", new byte[(64 << 20) + 1]);
        assertEquals(
                "faces.zip: the entry bomb.png cannot be read: it has 67108865 bytes, at most 67108864 are accepted",
                failure(DatasetOptions.ALL));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'labels': [['00/img.png', 0]]} | gives no class to image 01/img.png",
                "{'labels': [['00/img.png', 0], ['01/img.png', 1], ['x.png', 1]]} | names image x.png, which is not in"
                        + " the data set (1 such)",
                "{'labels': [['00/img.png', -1], ['01/img.png', 1]]} | gives image 00/img.png the class -1, expected 0"
                        + " to 99999",
                "{'labels': [['00/img.png', 99999999999], ['01/img.png', 1]]} | gives image 00/img.png the class"
                        + " 99999999999, expected 0 to 99999",
                "{'labels': [['00/img.png', 0], ['00/img.png', 1]]} | lists image 00/img.png twice",
                "{'labels': [['00/img.png', 0, 1]]} | gives image 00/img.png more than one class",
            })
    void labelsThatDoNotFitAreRefused(String json, String complaint) {
        addImages(2);
        files.put("dataset.json", TestImages.text(json.replace('\'', '"')));
        assertEquals("faces.zip: dataset.json " + complaint, failure(labelled()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'labels': [['00/img.png', 0.5]]} | dataset.json: label 0 (00/img.png) is not ['path', class] with a"
                        + " whole number as class",
                "{'labels': [7]} | dataset.json: label 0 is not ['path', class] with a whole number as class",
                "{'labels': {}} | dataset.json: 'labels' is neither null nor a list of ['path', class]",
                "[] | dataset.json is not a JSON object; expected {'labels': [['path', class], ...]}",
                "{'labels': null} | has no labels; add a dataset.json with {'labels': [['path', class], ...]}, put the"
                        + " images of each class in a folder, or train without labels",
            })
    void labelFilesOfAnotherFormAreRefused(String json, String complaint) {
        addImages(1);
        files.put("dataset.json", TestImages.text(json.replace('\'', '"')));
        assertEquals("faces.zip: " + complaint.replace('\'', '"'), failure(labelled()));
    }

    @Test
    void brokenJsonIsRefusedWithTheReason() {
        addImages(1);
        for (String json : new String[] {"", "{\"labels\": [[\"00/img.png\"", "{\"labels\": [[\"00/img.png\", 0]]"}) {
            files.put("dataset.json", TestImages.text(json));
            String message = failure(labelled());
            assertTrue(message.startsWith("faces.zip: dataset.json"), message);
        }
    }

    @Test
    void optionsOutOfRangeAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> DatasetOptions.ALL.withMaxSize(0, 1));
        assertThrows(IllegalArgumentException.class, () -> DatasetOptions.ALL.withClasses(Set.of(-1)));
        assertEquals(LabelUse.NONE, DatasetOptions.ALL.labels());
    }
}

package org.patchdiffusion.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.patchdiffusion.data.source.ImageDecoder;

class PixelCacheTest {

    private static final DatasetOptions LABELLED = DatasetOptions.ALL.withLabels(true);

    @TempDir
    Path temp;

    private final Map<String, byte[]> files = new LinkedHashMap<>();
    private Path zip;

    @BeforeEach
    void makeZip() throws IOException {
        StringBuilder labels = new StringBuilder();
        for (int i = 0; i < 9; i++) {
            files.put(i + ".png", TestImages.png(8, 12, i));
            labels.append(i == 0 ? "" : ", ").append("[\"" + i + ".png\", " + i % 3 + "]");
        }
        files.put("dataset.json", TestImages.text("{\"labels\": [" + labels + "], \"classes\": [\"cat\", \"dog\"]}"));
        zip = TestImages.zip(temp.resolve("set.zip"), files);
    }

    private ImageDataset open(Path path, DatasetOptions options, PixelCache cache) throws IOException {
        return ImageDataset.open(path, options.withCache(cache), ProgressListener.NONE);
    }

    private List<float[]> patches(ImageDataset dataset) {
        PatchSizes sizes = PatchSizes.of(12, 8, PatchDistribution.ofPixels(0.5), 1);
        PatchIterator iterator =
                PatchIterator.builder(dataset, sizes).batch(2).randomFlip(true).build();
        List<float[]> patches = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            try (PatchBatch batch = iterator.nextBatch()) {
                patches.add(batch.y().data().asFloat());
                patches.add(batch.pos().data().asFloat());
                patches.add(batch.labels().data().asFloat());
            }
        }
        return patches;
    }

    @ParameterizedTest
    @EnumSource(PixelCache.class)
    void patchesAreTheSameBitsWhereverTheImagesAreKept(PixelCache cache) throws IOException {
        Path folder = TestImages.folder(temp.resolve("set"), files);
        try (ImageDataset memory = open(zip, LABELLED, PixelCache.MEMORY)) {
            for (Path path : List.of(zip, zip, folder)) {
                try (ImageDataset other = open(path, LABELLED, cache)) {
                    assertEquals(memory.description(), other.description());
                    assertEquals(List.of("cat", "dog", "2"), other.description().classes());
                    List<float[]> want = patches(memory);
                    List<float[]> got = patches(other);
                    for (int i = 0; i < want.size(); i++) {
                        assertArrayEquals(want.get(i), got.get(i));
                    }
                }
            }
        }
        try (Stream<Path> all = Files.list(temp)) {
            Set<String> names = new java.util.TreeSet<>(
                    all.map(p -> p.getFileName().toString()).toList());
            assertEquals(
                    cache == PixelCache.DISK
                            ? Set.of("set", "set.pixels", "set.zip", "set.zip.pixels")
                            : Set.of("set", "set.zip"),
                    names);
        }
    }

    @Test
    void aCacheIsUsedAgainUntilItsSourceChanges() throws IOException {
        List<Integer> decoded = new ArrayList<>();
        DatasetOptions options = LABELLED.withCache(PixelCache.DISK);
        String first = ImageDataset.open(zip, options, (done, total) -> decoded.add(done))
                .fingerprint();
        assertEquals(9, decoded.size());
        String again = ImageDataset.open(zip, options, (done, total) -> decoded.add(done))
                .fingerprint();
        assertEquals(9, decoded.size(), "it was decoded again");
        assertEquals(first, again);

        // Other classes of the same images need another fingerprint, not another cache.
        FileTime made = Files.getLastModifiedTime(temp.resolve("set.zip.pixels"));
        assertEquals(
                open(zip, DatasetOptions.ALL, PixelCache.MEMORY).fingerprint(),
                open(zip, DatasetOptions.ALL, PixelCache.DISK).fingerprint());
        assertEquals(made, Files.getLastModifiedTime(temp.resolve("set.zip.pixels")));

        files.put("4.png", TestImages.png(8, 12, 99));
        TestImages.zip(zip, files);
        Files.setLastModifiedTime(zip, FileTime.fromMillis(1));
        try (ImageDataset changed = ImageDataset.open(zip, options, (done, total) -> decoded.add(done));
                ImageDataset memory = open(zip, LABELLED, PixelCache.MEMORY)) {
            assertEquals(18, decoded.size());
            assertNotEquals(first, changed.fingerprint());
            assertEquals(memory.fingerprint(), changed.fingerprint());
            assertArrayEquals(memory.image(4), changed.image(4));
        }
        try (ImageDataset part = open(zip, LABELLED.withClasses(Set.of(1)), PixelCache.DISK);
                ImageDataset memory = open(zip, LABELLED.withClasses(Set.of(1)), PixelCache.MEMORY)) {
            assertEquals(memory.fingerprint(), part.fingerprint());
            assertArrayEquals(memory.image(2), part.image(2));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 100, 2600})
    void aDamagedCacheIsMadeAgain(int length) throws IOException {
        String whole = open(zip, LABELLED, PixelCache.DISK).fingerprint();
        Path cache = temp.resolve("set.zip.pixels");
        byte[] bytes = Files.readAllBytes(cache);
        Files.write(cache, java.util.Arrays.copyOf(bytes, length));
        try (ImageDataset again = open(zip, LABELLED, PixelCache.DISK)) {
            assertEquals(whole, again.fingerprint());
            assertArrayEquals(bytes, Files.readAllBytes(cache));
        }
    }

    @Test
    void aCacheOfAnotherVersionOfTheDecoderIsMadeAgain() throws IOException {
        String first = open(zip, LABELLED, PixelCache.DISK).fingerprint();
        Path cache = temp.resolve("set.zip.pixels");
        byte[] bytes = Files.readAllBytes(cache);
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        String mark = "\"decoder\":" + ImageDecoder.VERSION;
        byte[] older =
                text.replace(mark, mark.substring(0, mark.length() - 1) + "0").getBytes(StandardCharsets.ISO_8859_1);
        older[0] ^= 1;
        assertEquals(bytes.length, older.length);
        Files.write(cache, older);
        try (ImageDataset again = open(zip, LABELLED, PixelCache.DISK)) {
            assertEquals(first, again.fingerprint());
            assertArrayEquals(bytes, Files.readAllBytes(cache));
        }
    }

    @Test
    void whatAStoppedProcessLeftIsRemoved() throws IOException {
        // The name that a process of number 1 gave, which has started at another time than this says.
        Path left = Files.write(temp.resolve(".set.zip.pixels.1-1-0123abcd.tmp"), new byte[100]);
        open(zip, LABELLED, PixelCache.DISK).close();
        assertFalse(Files.exists(left));
    }

    @Test
    void aCacheCutShortWhileInUseIsNamed() throws IOException {
        Path cache = temp.resolve("set.zip.pixels");
        try (ImageDataset dataset = open(zip, LABELLED, PixelCache.DISK)) {
            Files.write(cache, new byte[100]);
            String message = assertThrows(IllegalStateException.class, () -> dataset.image(3))
                    .getMessage();
            assertEquals(cache + " cannot be read any more (it was cut short); delete it and start again", message);
        }
    }

    @Test
    void aSourceChangedWhileInUseIsNoticed() throws IOException {
        Path folder = TestImages.folder(temp.resolve("folder"), files);
        for (Path path : List.of(zip, folder)) {
            Path file = path.equals(zip) ? zip : folder.resolve("3.png");
            try (ImageDataset dataset = open(path, LABELLED, PixelCache.NONE)) {
                byte[] image = dataset.image(3);
                assertEquals(3 * 8 * 12, image.length);
                byte[] changed = Files.readAllBytes(file);
                changed[changed.length / 2] ^= 1;
                Files.write(file, changed);
                Files.setLastModifiedTime(file, FileTime.fromMillis(5));
                String message = assertThrows(IllegalStateException.class, () -> dataset.image(3))
                        .getMessage();
                assertEquals(file + " was changed while it was in use; leave it as it is until the end", message);
                if (path.equals(folder)) {
                    assertEquals(3 * 8 * 12, dataset.image(4).length);
                }
                Files.delete(file);
                assertThrows(IllegalStateException.class, () -> dataset.image(3));
            }
        }
    }

    @Test
    void aSourceChangedWhileItIsReadIsNoticed() {
        String message = assertThrows(
                        IOException.class,
                        () -> ImageDataset.open(zip, LABELLED, (done, total) -> {
                            if (done == total) {
                                touch();
                            }
                        }))
                .getMessage();
        assertEquals(zip + " was changed while it was in use; leave it as it is until the end", message);
    }

    private void touch() {
        assertTrue(zip.toFile().setLastModified(5000));
    }

    @Test
    void placesAreTold() throws IOException {
        String form = "set: 9 images of 8x12 with 3 channels, 3 classes, ";
        assertEquals(form + "in memory", open(zip, LABELLED, PixelCache.AUTO).toString());
        assertEquals(
                form + "decoded on demand", open(zip, LABELLED, PixelCache.NONE).toString());
        assertEquals(
                form + "in the cache " + temp.resolve("set.zip.pixels"),
                open(zip, LABELLED, PixelCache.DISK).toString());
        ImageDataset closed = open(zip, LABELLED, PixelCache.DISK);
        closed.close();
        assertThrows(IllegalStateException.class, () -> closed.image(0));
    }

    @Test
    void interruptsDoNotStopReading() throws IOException {
        for (PixelCache cache : PixelCache.values()) {
            try (ImageDataset dataset = open(zip, LABELLED, cache)) {
                byte[] image = dataset.image(0);
                Thread.currentThread().interrupt();
                byte[] interrupted = dataset.image(0);
                assertTrue(Thread.interrupted());
                assertArrayEquals(image, interrupted);
                assertFalse(Thread.interrupted());
                assertArrayEquals(image, dataset.image(0));
            }
        }
    }
}

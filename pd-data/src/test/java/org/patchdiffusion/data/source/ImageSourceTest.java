package org.patchdiffusion.data.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.patchdiffusion.data.TestImages;

class ImageSourceTest {

    private static final Path ARCHIVES = Path.of("src/test/resources/archives");

    @TempDir
    Path temp;

    private final Map<String, byte[]> files = new LinkedHashMap<>();

    private ImageSource zip() throws IOException {
        return ImageSource.open(TestImages.zip(temp.resolve("set.zip"), files));
    }

    private void images(String... names) {
        for (String name : names) {
            files.put(name, TestImages.png(4, 4, files.size()));
        }
    }

    private void labels(String json) {
        files.put("dataset.json", TestImages.text(json.replace('\'', '"')));
    }

    private Labels labelsOf(ImageSource source) throws IOException {
        Labels labels = source.labels().orElseThrow();
        labels.requireComplete(source.path());
        return labels;
    }

    @Test
    void zipsOfWindowsAreReadAsTheyAreMeant() throws IOException {
        try (ImageSource accents = ImageSource.open(ARCHIVES.resolve("accents.zip"))) {
            assertEquals(2, accents.images().size());
            assertTrue(
                    accents.images().get(0).codePoints().anyMatch(c -> c > 127),
                    accents.images().toString());
            assertEquals(
                    "8x8", accents.decode(accents.images().get(1), Decoding.RGB).size());
        }
        try (ImageSource windows = ImageSource.open(ARCHIVES.resolve("windows.zip"))) {
            Labels labels = labelsOf(windows);
            assertEquals(4, windows.images().size());
            assertEquals("00000/img00000000.png", windows.images().get(0));
            assertEquals(
                    2, windows.images().stream().filter(i -> labels.of(i) == 1).count());
        }
    }

    @Test
    void aLockedOrRareEntryIsRefusedForWhatItIs() throws IOException {
        Map<String, String> expected = Map.of("locked.zip", "password", "lzma.zip", "LZMA");
        for (Map.Entry<String, String> entry : expected.entrySet()) {
            try (ImageSource source = ImageSource.open(ARCHIVES.resolve(entry.getKey()))) {
                String image = source.images().get(0);
                String message = assertThrows(IOException.class, () -> source.decode(image, Decoding.RGB))
                        .getMessage();
                assertTrue(message.contains(image) && message.contains(entry.getValue()), message);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a/é.png", "./a/é.png", "a\\é.png", "a/e\u0301.png", ".\\a\\e\u0301.png"})
    void labelPathsMatchHoweverTheyAreWritten(String path) throws IOException {
        images("a/é.png");
        labels("{'labels': [['" + path.replace("\\", "\\\\") + "', 3]]}");
        try (ImageSource source = zip()) {
            assertEquals(3, labelsOf(source).of("a/é.png"));
        }
        files.clear();
        images("a/e\u0301.png");
        labels("{'labels': [['" + path.replace("\\", "\\\\") + "', 3]]}");
        try (ImageSource source = zip()) {
            assertEquals(3, labelsOf(source).of("a/e\u0301.png"));
        }
    }

    @Test
    void aFolderZippedWholeKeepsItsLabels() throws IOException {
        images("pets/x/1.png", "pets/2.png");
        files.put("pets/dataset.json", TestImages.text("{\"labels\": [[\"x/1.png\", 1], [\"pets/2.png\", 0]]}"));
        files.put("__MACOSX/pets/._2.png", new byte[1]);
        files.put("pets/NOTICE.md", TestImages.text("ours"));
        try (ImageSource source = zip()) {
            Labels labels = labelsOf(source);
            assertEquals(1, labels.of("pets/x/1.png"));
            assertEquals(0, labels.of("pets/2.png"));
            assertArrayEquals(TestImages.text("ours"), source.notices().get("NOTICE.md"));
            assertEquals(1, source.leftOut().hidden());
            assertEquals("", source.leftOut().describe());
        }
    }

    @Test
    void namesThatDifferInCaseOnlyAreDifferentImages() throws IOException {
        images("a.png", "A.png", "A.PNG");
        labels("{'labels': [['a.png', 0], ['A.png', 1], ['A.PNG', 2]]}");
        try (ImageSource source = zip()) {
            Labels labels = labelsOf(source);
            assertEquals(List.of("A.PNG", "A.png", "a.png"), source.images());
            assertEquals(
                    List.of(2, 1, 0), source.images().stream().map(labels::of).toList());
        }
    }

    @Test
    void unlabelledImagesAndUnknownPathsAreTold() throws IOException {
        images("a.png", "b.png", "c.png");
        labels("{'labels': [['a.png', 0], ['A.png', 1], ['x.png', 1]]}");
        try (ImageSource source = zip()) {
            Labels labels = source.labels().orElseThrow();
            assertEquals(List.of("b.png", "c.png"), labels.unlabelled());
            assertEquals(List.of("A.png", "x.png"), labels.unknown());
            assertEquals(
                    temp.resolve("set.zip") + ": dataset.json gives no class to image b.png (2 such)",
                    assertThrows(IOException.class, () -> labelsOf(source)).getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'labels': [['a.png', 99999999999999999999]]}",
                "{'labels': [['a.png', -1]]}",
                "{'labels': 3}",
                "{'labels': [['a.png', '1']]}",
                "{'labels': [[1, 1]]}",
                "{'labels': [['a.png']]}",
                "{'labels': [",
                "{'labels': null, 'channels': 5}",
                "{'labels': null, 'channels': '3'}",
                "{'classes': [1]}",
                "{'classes': 'cat'}",
                "[]",
                "",
                "nonsense",
                "{'labels': [['a.png', 1], ['a.png', 2]]}"
            })
    void labelFilesOfAnotherFormAreRefusedInOneSentence(String json) throws IOException {
        images("a.png");
        labels(json);
        try (ImageSource source = zip()) {
            String message = assertThrows(IOException.class, source::labels).getMessage();
            assertTrue(message.startsWith(temp.resolve("set.zip") + ": dataset.json"), message);
            assertTrue(message.length() < 250 && !message.contains("\n"), message);
        }
    }

    @Test
    void aZipIsReadFromManyThreadsAtOnce() throws IOException {
        for (int i = 0; i < 400; i++) {
            images(i + ".png");
        }
        try (ImageSource source = zip()) {
            List<byte[]> read = new ArrayList<>();
            OrderedWork.forAll(
                    source.images(),
                    image -> source.decode(image, Decoding.RGB),
                    (i, image) -> read.add(image.pixels()));
            for (int i = 0; i < 400; i++) {
                byte[] want = ImageDecoder.decode(files.get(source.images().get(i)), Decoding.RGB)
                        .pixels();
                assertArrayEquals(want, read.get(i));
            }
        }
    }

    @Test
    void foldersGiveClassesUnlessTheyOnlyCount() throws IOException {
        assertEquals(Optional.empty(), FolderLabels.of(List.of("a.png", "x/b.png")));
        assertEquals(Optional.empty(), FolderLabels.of(List.of("x/a.png", "x/b.png")));
        assertEquals(Optional.empty(), FolderLabels.of(List.of("00000/img00000000.png", "00001/img00001000.png")));
        Labels labels = FolderLabels.of(List.of("t/b/1.png", "t/a/2.png", "t/b/c/3.png"))
                .orElseThrow();
        assertEquals(List.of("a", "b"), labels.classNames());
        assertEquals(Map.of("t/b/1.png", 1, "t/a/2.png", 0, "t/b/c/3.png", 1), labels.byImage());
    }

    @Test
    void namesOutsideAsciiAreReadInEveryLocale() throws Exception {
        images("häuser/日本.png", "b.png");
        Path folder = TestImages.folder(temp.resolve("set"), files);
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                ListImages.class.getName(),
                folder.toString()));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("LC_ALL", "C");
        Path out = temp.resolve("out");
        Process child =
                builder.redirectErrorStream(true).redirectOutput(out.toFile()).start();
        assertTrue(child.waitFor(60, TimeUnit.SECONDS));
        assertEquals(
                "[b.png, h\\u00e4user/\\u65e5\\u672c.png] 4x4\n", Files.readString(out, StandardCharsets.US_ASCII));
    }

    /** Lists and decodes a folder in a JVM of another locale. */
    static final class ListImages {
        private ListImages() {}

        public static void main(String[] args) throws IOException {
            try (ImageSource source = ImageSource.open(Path.of(args[0]))) {
                StringBuilder line = new StringBuilder();
                source.images()
                        .toString()
                        .chars()
                        .forEach(c -> line.append(c < 128 ? String.valueOf((char) c) : String.format("\\u%04x", c)));
                String last = source.images().get(source.images().size() - 1);
                System.out.print(line + " " + source.decode(last, Decoding.RGB).size() + "\n");
            }
        }
    }
}

package org.patchdiffusion.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ZipArchiveTest {
    private static final ZipArchive.Limits LIMITS = new ZipArchive.Limits(1000, 1 << 20, 1 << 22);
    private static final byte[] CONTENT = "some content, some content".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    Path folder;

    private static byte[] zip(Charset charset, String comment, String... names) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes, charset)) {
            for (String name : names) {
                ZipEntry entry = new ZipEntry(name);
                entry.setComment(comment);
                zip.putNextEntry(entry);
                zip.write(CONTENT);
                zip.closeEntry();
            }
            zip.setComment(comment);
        }
        return bytes.toByteArray();
    }

    private static byte[] zip(String... names) throws IOException {
        return zip(StandardCharsets.UTF_8, "", names);
    }

    private ZipArchive open(byte[] bytes) throws IOException {
        return ZipArchive.open(Files.write(folder.resolve("a.zip"), bytes), LIMITS);
    }

    private String refusal(byte[] bytes) {
        return refusal(bytes, LIMITS);
    }

    private String refusal(byte[] bytes, ZipArchive.Limits limits) {
        Path file = folder.resolve("a.zip");
        IOException e = assertThrows(IOException.class, () -> ZipArchive.open(Files.write(file, bytes), limits)
                .close());
        assertTrue(e.getMessage().startsWith(file + " "), e.getMessage());
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
        return e.getMessage().substring(file.toString().length() + 1);
    }

    /** The message about the entry a.txt of an archive that opens. */
    private String entryRefusal(byte[] bytes) throws IOException {
        try (ZipArchive archive = open(bytes)) {
            IOException e = assertThrows(IOException.class, () -> archive.bytes("a.txt", 1 << 20));
            String start = archive.file() + ": the entry a.txt cannot be read: ";
            assertTrue(e.getMessage().startsWith(start), e.getMessage());
            return e.getMessage().substring(start.length());
        }
    }

    private static int find(byte[] bytes, int signature) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at <= bytes.length - 4; at++) {
            if (buffer.getInt(at) == signature) {
                return at;
            }
        }
        throw new AssertionError("no such record");
    }

    /** The archive with a field of its (first) directory entry changed. */
    private static byte[] withField(byte[] zip, int offset, int value, int width) {
        return changed(zip, find(zip, 0x02014b50) + offset, value, width);
    }

    private static byte[] withEnd(byte[] zip, int offset, int value, int width) {
        return changed(zip, find(zip, 0x06054b50) + offset, value, width);
    }

    private static byte[] changed(byte[] zip, int at, int value, int width) {
        byte[] bytes = zip.clone();
        for (int i = 0; i < width; i++) {
            bytes[at + i] = (byte) (value >>> 8 * i);
        }
        return bytes;
    }

    @Test
    void severalThreadsReadAtOnce() throws IOException {
        String[] names = IntStream.range(0, 500).mapToObj(i -> i + ".txt").toArray(String[]::new);
        try (ZipArchive archive = open(zip(names))) {
            for (int pass = 0; pass < 5; pass++) {
                Stream.of(names).parallel().forEach(name -> {
                    try {
                        assertArrayEquals(CONTENT, archive.bytes(name, 1000));
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
            }
        }
    }

    @Test
    void readsWhatWasWrittenInTheOrderOfTheDirectory() throws IOException {
        try (ZipArchive archive = open(zip("b/", "b/z.txt", "a.txt"))) {
            assertEquals(List.of("b/z.txt", "a.txt"), archive.names());
            assertEquals(CONTENT.length, archive.size("a.txt"));
            assertArrayEquals(CONTENT, archive.bytes("b/z.txt", 100));
            assertEquals('s', (int) archive.read("a.txt", (in, size) -> in.read()));
            assertEquals('c', (int) archive.read("a.txt", (in, size) -> {
                in.skipNBytes(5);
                return in.read();
            }));
        }
    }

    @Test
    void readsLargeFormatAndStoredEntries() throws IOException {
        Path file = folder.resolve("large.zip");
        try (ZipArchiveOutputStream out = new ZipArchiveOutputStream(file)) {
            out.setUseZip64(org.apache.commons.compress.archivers.zip.Zip64Mode.Always);
            ZipArchiveEntry entry = new ZipArchiveEntry("a.txt");
            entry.setMethod(ZipEntry.STORED);
            entry.setSize(CONTENT.length);
            CRC32 crc = new CRC32();
            crc.update(CONTENT);
            entry.setCrc(crc.getValue());
            out.putArchiveEntry(entry);
            out.write(CONTENT);
            out.closeArchiveEntry();
        }
        try (ZipArchive archive = ZipArchive.open(file, LIMITS)) {
            assertArrayEquals(CONTENT, archive.bytes("a.txt", 100));
        }
    }

    @Test
    void readsAnArchiveBehindOtherData() throws IOException {
        byte[] zip = zip("a.txt");
        byte[] bytes = new byte[zip.length + 1000];
        System.arraycopy(zip, 0, bytes, 1000, zip.length);
        try (ZipArchive archive = open(bytes)) {
            assertArrayEquals(CONTENT, archive.bytes("a.txt", 100));
        }
    }

    @Test
    void namesInACodePageInUnmarkedUtf8AndWithBackslashesAreRead() throws IOException {
        String umlauts = "Bücher\\Äpfel.png";
        for (String charset : List.of("IBM437", "UTF-8")) {
            byte[] zip = zip(Charset.forName(charset), "", umlauts);
            // Java marks UTF-8 names (bit 11 of the flags): other archivers often do not.
            byte[] unmarked = withField(changed(zip, 6, 8, 2), 8, 8, 2);
            try (ZipArchive archive = open(unmarked)) {
                assertEquals(List.of("Bücher/Äpfel.png"), archive.names());
                assertArrayEquals(CONTENT, archive.bytes("Bücher/Äpfel.png", 100));
            }
        }
    }

    @Test
    void dotsInNamesSayNothing() throws IOException {
        try (ZipArchive archive = open(zip("./a.txt", "b/./c//d.txt"))) {
            assertEquals(List.of("a.txt", "b/c/d.txt"), archive.names());
        }
    }

    @Test
    void commentsInAnyEncodingDoNotMatter() throws IOException {
        for (Charset charset : List.of(StandardCharsets.ISO_8859_1, StandardCharsets.UTF_16)) {
            String comment = new String("é\u00ff".getBytes(charset), StandardCharsets.ISO_8859_1);
            byte[] zip = zip(StandardCharsets.ISO_8859_1, comment, "a.txt");
            byte[] marked = withField(changed(zip, 6, 0x808, 2), 8, 0x808, 2);
            for (byte[] bytes : List.of(zip, marked)) {
                try (ZipArchive archive = open(bytes)) {
                    assertArrayEquals(CONTENT, archive.bytes("a.txt", 100));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"../a.txt", "b/../../a.txt", "..\\a.txt", "/etc/passwd", "\\a.txt", "C:\\a.txt", "b/.."})
    void namesThatLeaveTheArchiveAreRefused(String name) throws IOException {
        assertTrue(refusal(zip(name)).endsWith("which leads out of the archive"));
    }

    @Test
    void equalNamesAreRefused() throws IOException {
        assertEquals("has two entries named a/b.txt", refusal(zip("a/b.txt", "a\\b.txt")));
    }

    @Test
    void lockedEntriesFailAloneAndSaySo() throws IOException {
        byte[] locked = withField(zip("a.txt", "b.txt"), 8, 0x809, 2);
        assertTrue(entryRefusal(locked).startsWith("it is locked with a password"));
        try (ZipArchive archive = open(locked)) {
            assertArrayEquals(CONTENT, archive.bytes("b.txt", 100));
        }
    }

    @Test
    void rareCompressionFailsAloneAndIsNamed() throws IOException {
        assertTrue(
                entryRefusal(withField(zip("a.txt"), 10, 14, 2)).startsWith("it is compressed with the method LZMA"));
        assertTrue(entryRefusal(withField(zip("a.txt"), 10, 77, 2)).startsWith("it is compressed with the method 77"));
    }

    @Test
    void anArchiveCutShortSaysSoAtEveryLength() throws IOException {
        byte[] zip = zip("a.txt", "b.txt");
        for (int length = 4; length < zip.length; length++) {
            String message = refusal(Arrays.copyOf(zip, length));
            assertTrue(message.startsWith("is cut short"), length + ": " + message);
        }
        for (int length = 0; length < 4; length++) {
            assertEquals("is not a zip file", refusal(Arrays.copyOf(zip, length)));
        }
    }

    @Test
    void placesBeyondTheEndAreRefused() throws IOException {
        byte[] zip = zip("a.txt");
        assertTrue(refusal(withEnd(zip, 16, -1, 4)).contains("its directory begins at byte 4294967295"));
        assertTrue(refusal(withEnd(zip, 12, -2, 4)).contains("a directory of 4294967294 bytes"));
        assertEquals(
                "has a damaged directory: local file header for a.txt starts after central directory",
                refusal(withField(zip, 42, -2, 4)));
    }

    @Test
    void countsThatDoNotFitAreRefused() throws IOException {
        byte[] zip = zip("a.txt", "b.txt");
        assertEquals("is damaged: it declares 7 entries, and its directory has 2", refusal(withEnd(zip, 10, 7, 2)));
        assertTrue(refusal(zip, new ZipArchive.Limits(1, 100, 1000)).startsWith("has more than 1 entries"));
    }

    @Test
    void sizesBeyondTheLimitsAreRefused() throws IOException {
        byte[] zip = zip("a.txt", "b.txt");
        assertEquals(
                "has the entry a.txt of 26 bytes, at most 25 are accepted",
                refusal(zip, new ZipArchive.Limits(10, 25, 1000)));
        assertTrue(refusal(zip, new ZipArchive.Limits(10, 26, 51)).startsWith("declares more than 51 bytes"));
        try (ZipArchive archive = open(zip)) {
            IOException e = assertThrows(IOException.class, () -> archive.bytes("a.txt", 25));
            assertTrue(e.getMessage().endsWith("it has 26 bytes, at most 25 are accepted"), e.getMessage());
        }
    }

    @Test
    void declaredSizesThatAreNotTrueAreRefused() throws IOException {
        byte[] zip = zip("a.txt");
        assertTrue(refusal(withField(zip, 24, 1 << 20, 4)).contains("which cannot come from"));
        assertTrue(entryRefusal(withField(zip, 24, 5, 4)).startsWith("it is longer than the 5 bytes"));
        assertEquals("it ends after 26 of 27 bytes", entryRefusal(withField(zip, 24, 27, 4)));
        assertTrue(entryRefusal(withField(zip, 16, 7, 4)).startsWith("its checksum does not match"));
    }

    @Test
    void entriesThatShareTheirBytesAreRefused() throws IOException {
        byte[] noise = new byte[3000];
        new java.util.Random(1).nextBytes(noise);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.setLevel(Deflater.NO_COMPRESSION);
            for (String name : List.of("a", "b")) {
                zip.putNextEntry(new ZipEntry(name));
                zip.write(name.equals("a") ? noise : new byte[0]);
                zip.closeEntry();
            }
        }
        byte[] zip = bytes.toByteArray();
        int second = find(zip, 0x02014b50) + 46 + 1;
        byte[] shared = zip.clone();
        System.arraycopy(zip, find(zip, 0x02014b50) + 16, shared, second + 16, 12);
        assertTrue(refusal(shared).startsWith("has entries that overlap"));
    }

    @Test
    void aDamagedEntryFailsWithOneSentence() throws IOException {
        byte[] zip = zip("a.txt");
        for (int at = 0; at < find(zip, 0x02014b50); at++) {
            byte[] bytes = changed(zip, at, zip[at] ^ 0x55, 1);
            try (ZipArchive archive = open(bytes)) {
                assertArrayEquals(CONTENT, archive.bytes("a.txt", 100));
            } catch (IOException e) {
                assertTrue(e.getMessage().startsWith(folder.resolve("a.zip").toString()), e.getMessage());
                assertEquals(1, e.getMessage().lines().count());
                assertTrue(!e.getMessage().contains("null"), e.getMessage());
            }
        }
    }

    @Test
    void aMissingFileIsNamed() {
        Path file = folder.resolve("nowhere.zip");
        IOException e = assertThrows(IOException.class, () -> ZipArchive.open(file, LIMITS));
        assertEquals(file + " does not exist or is not a file", e.getMessage());
    }
}

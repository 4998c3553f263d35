package org.patchdiffusion.data.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lmdbjava.ByteArrayProxy;
import org.lmdbjava.Dbi;
import org.lmdbjava.DbiFlags;
import org.lmdbjava.Env;
import org.lmdbjava.Txn;
import org.patchdiffusion.data.TestImages;

class ArrayArchivesTest {

    @TempDir
    Path temp;

    private static byte[] noise(int length, long seed) {
        byte[] bytes = new byte[length];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }

    private static byte[] idx(byte[] samples, int... sizes) {
        ByteBuffer idx =
                ByteBuffer.allocate(4 + 4 * sizes.length + samples.length).putInt(0x800 | sizes.length);
        Arrays.stream(sizes).forEach(idx::putInt);
        return idx.put(samples).array();
    }

    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        }
        return out.toByteArray();
    }

    @Test
    void mnistComesWithItsLabelsAndTwoBlackPixelsOnEachSide() throws IOException {
        byte[] samples = noise(3 * 784, 1);
        Path images = Files.write(temp.resolve("train-images-idx3-ubyte.gz"), gzip(idx(samples, 3, 28, 28)));
        Files.write(temp.resolve("train-labels-idx1-ubyte.gz"), gzip(idx(new byte[] {7, 0, 9}, 3)));
        try (ImageSource source = ImageSource.open(images)) {
            assertEquals(3, source.images().size());
            Labels labels = source.labels().orElseThrow();
            assertEquals(
                    List.of(7, 0, 9), source.images().stream().map(labels::of).toList());
            assertEquals(10, labels.count());
            PixelImage image = source.decode(source.images().get(2), new Decoding(1, 0));
            assertEquals("32x32", image.size());
            for (int i = 0; i < 1024; i++) {
                int y = i / 32 - 2;
                int x = i % 32 - 2;
                boolean inside = y >= 0 && y < 28 && x >= 0 && x < 28;
                assertEquals(inside ? samples[2 * 784 + y * 28 + x] : 0, image.pixels()[i]);
            }
            PixelImage rgb = source.decode(source.images().get(2), Decoding.RGB);
            assertArrayEquals(image.pixels(), Arrays.copyOfRange(rgb.pixels(), 1024, 2048));
        }
    }

    @Test
    void idxFilesThatLieAboutTheirLengthAreRefused() throws IOException {
        byte[][] wrong = {
            idx(new byte[783], 1, 28, 28),
            idx(new byte[785], 1, 28, 28),
            idx(new byte[0], 0x7FFFFFFF, 28, 28),
            idx(new byte[0], -1, 28, 28),
            idx(new byte[0], 0, 28, 28),
            idx(new byte[4], 4),
            Arrays.copyOf(idx(new byte[784], 1, 28, 28), 9)
        };
        for (byte[] file : wrong) {
            Path path = Files.write(temp.resolve("x-idx3-ubyte"), file);
            String message = assertThrows(IOException.class, () -> ImageSource.open(path))
                    .getMessage();
            assertTrue(message.startsWith(path + ": "), message);
        }
        Path images = Files.write(temp.resolve("images"), idx(new byte[784], 1, 28, 28));
        Files.write(temp.resolve("labels"), idx(new byte[2], 2));
        String message =
                assertThrows(IOException.class, () -> ImageSource.open(images)).getMessage();
        assertTrue(message.contains("holds 2 labels for the 1 image of"), message);
    }

    /** A batch as Python 2 pickled it: a dictionary of a byte array and a list. */
    private static byte[] batch(byte[] samples, int... labels) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        text(out, "\u0080\u0002}q\u0001(U\u0004dataq\u0002cnumpy.core.multiarray\n_reconstruct\nq\u0003");
        text(out, "cnumpy\nndarray\nq\u0004K\u0000\u0085U\u0001b\u0087Rq\u0005(K\u0001");
        out.write('M');
        out.write(labels.length);
        out.write(0);
        text(out, "M\u0000\u000c\u0086cnumpy\ndtype\nq\u0006U\u0002u1K\u0000K\u0001\u0087R(K\u0003U\u0001|NNN");
        text(out, "J\u00ff\u00ff\u00ff\u00ffJ\u00ff\u00ff\u00ff\u00ffK\u0000tb\u0089T");
        out.writeBytes(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(samples.length)
                .array());
        out.writeBytes(samples);
        text(out, "tbU\u0006labels](");
        for (int label : labels) {
            out.write('K');
            out.write(label);
        }
        text(out, "eu.");
        return out.toByteArray();
    }

    private static void text(ByteArrayOutputStream out, String latin1) {
        out.writeBytes(latin1.getBytes(StandardCharsets.ISO_8859_1));
    }

    private Path cifar(byte[] first, byte[] second) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(out)) {
            byte[] names =
                    "\u0080\u0002}(U\u000blabel_names](U\u0003carU\u0003cateu.".getBytes(StandardCharsets.ISO_8859_1);
            entry(tar, "cifar-10-batches-py/data_batch_2", second);
            entry(tar, "cifar-10-batches-py/batches.meta", names);
            entry(tar, "cifar-10-batches-py/readme.html", new byte[3]);
            entry(tar, "cifar-10-batches-py/data_batch_1", first);
        }
        return Files.write(temp.resolve("cifar-10-python.tar.gz"), gzip(out.toByteArray()));
    }

    private static void entry(TarArchiveOutputStream tar, String name, byte[] content) throws IOException {
        TarArchiveEntry entry = new TarArchiveEntry(name);
        entry.setSize(content.length);
        tar.putArchiveEntry(entry);
        tar.write(content);
        tar.closeArchiveEntry();
    }

    @Test
    void cifarComesInTheOrderOfItsBatchesWithNamedClasses() throws IOException {
        byte[] first = noise(2 * 3072, 1);
        byte[] second = noise(2 * 3072, 2);
        try (ImageSource source = ImageSource.open(cifar(batch(first, 1, 0), batch(second, 0, 0)))) {
            Labels labels = source.labels().orElseThrow();
            assertEquals(List.of("car", "cat"), labels.classNames());
            assertEquals(
                    List.of(1, 0, 0, 0),
                    source.images().stream().map(labels::of).toList());
            PixelImage image = source.decode(source.images().get(3), Decoding.RGB);
            assertEquals("32x32", image.size());
            assertArrayEquals(Arrays.copyOfRange(second, 3072, 6144), image.pixels());
        }
    }

    @Test
    void picklesOfOtherThingsRunNothing() throws IOException {
        byte[] good = batch(noise(3072, 1), 1);
        byte[] evil = "\u0080\u0002cos\nsystem\nU\u0002lsR.".getBytes(StandardCharsets.ISO_8859_1);
        Path path = cifar(good, evil);
        String message =
                assertThrows(IOException.class, () -> ImageSource.open(path)).getMessage();
        assertTrue(message.contains("the pickle asks for os system"), message);
        for (int i = 0; i < good.length - 3072; i++) {
            byte[] damaged = good.clone();
            damaged[i < 130 ? i : i + 2900] ^= (byte) 0x15;
            try {
                CifarPickle.read(damaged);
                CifarPickle.read(Arrays.copyOf(good, i));
            } catch (IOException e) {
                assertTrue(e.getMessage().length() > 10);
            }
        }
    }

    @Test
    void lsunIsReadAsTheNativeLibraryWritesIt() throws IOException {
        Path folder = Files.createDirectory(temp.resolve("church_lmdb"));
        int count = 500;
        try (Env<byte[]> env =
                        Env.create(ByteArrayProxy.PROXY_BA).setMapSize(64 << 20).open(folder.toFile());
                Txn<byte[]> write = env.txnWrite()) {
            Dbi<byte[]> dbi = env.openDbi(write, null, null, false, DbiFlags.MDB_CREATE);
            for (int i = 0; i < count; i++) {
                // Small values lie in the tree, large ones on pages of their own.
                dbi.put(
                        write,
                        TestImages.text("key" + 7 * i % count),
                        TestImages.png(4, i % 5 == 0 ? 800 : 4, 7 * i % count));
            }
            write.commit();
        }
        try (ImageSource source = ImageSource.open(folder)) {
            assertEquals(count, source.images().size());
            assertEquals("key0", source.images().get(0));
            assertEquals("key1", source.images().get(1));
            assertEquals("key10", source.images().get(2));
            for (int i = 0; i < count; i++) {
                int number = 7 * i % count;
                byte[] want = ImageDecoder.decode(TestImages.png(4, i % 5 == 0 ? 800 : 4, number), Decoding.RGB)
                        .pixels();
                assertArrayEquals(
                        want, source.decode("key" + number, Decoding.RGB).pixels());
            }
        }
        Path data = folder.resolve("data.mdb");
        byte[] whole = Files.readAllBytes(data);
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 60; i++) {
            byte[] damaged = i % 3 == 0 ? Arrays.copyOf(whole, random.nextInt(whole.length)) : whole.clone();
            for (int k = 0; k < 20 && damaged.length > 0; k++) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            }
            Files.write(data, damaged);
            try (ImageSource source = ImageSource.open(folder)) {
                source.decode(source.images().get(0), Decoding.RGB);
            } catch (IOException e) {
                assertTrue(e.getMessage().startsWith(folder.toString()), e.getMessage());
            }
        }
    }
}

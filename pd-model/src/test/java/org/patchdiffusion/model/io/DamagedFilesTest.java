package org.patchdiffusion.model.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Valid files, damaged at random: readers give tensors that fit into the file, or an IOException of one line that names
 * the file, and never set aside much more memory than the file is long. Where the format has checksums, tensors that
 * are read are the right ones bit by bit. Each run damages them in new ways; a failure is reported with its seed.
 */
class DamagedFilesTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final int MOST_CHANGES = 4;
    private static final long MOST_HEAP = 64L << 20;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final long[] ABSURD = {1L << 60, Long.MAX_VALUE, -1, Integer.MAX_VALUE, 1L << 31, 0};

    private static Path folder;
    private static Map<String, INDArray> tensors;
    private static byte[] snapshotBytes;

    /** Reads everything from a file. */
    @FunctionalInterface
    private interface Reading {
        Map<String, INDArray> all(Path file) throws IOException;
    }

    @BeforeContainer
    static void writeValidFiles() throws IOException {
        folder = Files.createTempDirectory("damaged");
        tensors = new LinkedHashMap<>();
        tensors.put("model.a.weight", Nd4j.linspace(DataType.FLOAT, 1, 12, 12).reshape(3, 4));
        tensors.put("model.a.bias", Nd4j.createFromArray(0.5f, -1f, 2f));
        tensors.put("steps", Nd4j.createFromArray(7L));
        Npz.write(folder.resolve("valid.npz"), tensors);
        SafeTensors.write(folder.resolve("valid.safetensors"), tensors, Map.of("config", "{}"));
        TorchStateDict.write(folder.resolve("valid.pth"), tensors);
        snapshotBytes = Files.readAllBytes(GOLDEN.resolve("network-snapshot-000100.pkl"));
    }

    @AfterContainer
    static void deleteFiles() throws IOException {
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }

    private static Map<String, INDArray> readAll(TensorFile opened) throws IOException {
        try (opened) {
            Map<String, INDArray> all = new LinkedHashMap<>();
            for (String name : opened.tensors().keySet()) {
                all.put(name, opened.read(name));
            }
            return all;
        }
    }

    private static byte[] damage(byte[] valid, long seed) {
        RandomGenerator random = new SplittableRandom(seed);
        byte[] bytes = valid.clone();
        int changes = 1 + random.nextInt(MOST_CHANGES);
        for (int i = 0; i < changes; i++) {
            int at = random.nextInt(bytes.length);
            switch (random.nextInt(4)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt(256);
                case 2 -> bytes = Arrays.copyOf(bytes, Math.max(1, at));
                default -> overwrite(bytes, at, ABSURD[random.nextInt(ABSURD.length)], 1 << random.nextInt(1, 4));
            }
        }
        return bytes;
    }

    private static void overwrite(byte[] bytes, int at, long value, int width) {
        byte[] field = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
        System.arraycopy(field, 0, bytes, at, Math.min(width, bytes.length - at));
    }

    /** Reads a damaged file; empty if it was refused as it should be. */
    private static Map<String, INDArray> read(byte[] bytes, String name, Reading reading) throws IOException {
        Path file = Files.write(folder.resolve(name), bytes);
        long thread = Thread.currentThread().getId();
        long before = THREADS.getThreadAllocatedBytes(thread);
        try {
            Map<String, INDArray> read = reading.all(file);
            long size = read.values().stream().mapToLong(ArrayBytes::size).sum();
            assertTrue(size <= bytes.length, size + " bytes were read from a file of " + bytes.length);
            return read;
        } catch (IOException e) {
            assertTrue(e.getMessage().startsWith(file.toString()), e.getMessage());
            assertEquals(1, e.getMessage().lines().count(), e.getMessage());
            assertTrue(e.getMessage().length() < 600, e.getMessage());
            return Map.of();
        } finally {
            long heap = THREADS.getThreadAllocatedBytes(thread) - before;
            assertTrue(heap < MOST_HEAP, heap + " bytes of heap were needed");
        }
    }

    private static Set<String> contents(Map<String, INDArray> arrays) {
        return arrays.values().stream()
                .map(array -> array.dataType() + Arrays.toString(array.shape()) + Arrays.toString(Bytes.of(array)))
                .collect(Collectors.toCollection(HashSet::new));
    }

    private static byte[] valid(String name) {
        try {
            return Files.readAllBytes(folder.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Property(tries = 400)
    void npz(@ForAll long seed) throws IOException {
        Map<String, INDArray> read = read(damage(valid("valid.npz"), seed), "a.npz", Npz::read);
        assertTrue(contents(tensors).containsAll(contents(read)), "an array changed in spite of its checksum");
    }

    @Property(tries = 400)
    void safetensors(@ForAll long seed) throws IOException {
        read(damage(valid("valid.safetensors"), seed), "a.safetensors", file -> readAll(SafeTensors.open(file)));
    }

    @Property(tries = 400)
    void stateDict(@ForAll long seed) throws IOException {
        Map<String, INDArray> read =
                read(damage(valid("valid.pth"), seed), "a.pth", file -> readAll(TorchStateDict.open(file)));
        assertTrue(contents(tensors).containsAll(contents(read)), "a tensor changed in spite of its checksum");
        assertTrue(read.isEmpty() || read.keySet().equals(tensors.keySet()), "a name changed in spite of its checksum");
    }

    @Property(tries = 60)
    void legacyStateDict(@ForAll long seed) throws IOException {
        byte[] bytes = damage(Files.readAllBytes(GOLDEN.resolve("state-dict.legacy.pth")), seed);
        read(bytes, "b.pth", file -> readAll(TorchStateDict.open(file)));
    }

    /** The names, shapes and strides of a legacy file stand before its weights, the keys of its storages as well. */
    @Property(tries = 100)
    void legacyStructure(@ForAll long seed) throws IOException {
        RandomGenerator random = new SplittableRandom(seed);
        byte[] bytes = Files.readAllBytes(GOLDEN.resolve("state-dict.legacy.pth"));
        for (int changes = 1 + random.nextInt(MOST_CHANGES); changes > 0; changes--) {
            bytes[random.nextInt(22_500)] = (byte) random.nextInt(256);
        }
        read(bytes, "b.pth", file -> readAll(TorchStateDict.open(file)));
    }

    @Property(tries = 60)
    void snapshot(@ForAll long seed) throws IOException {
        read(damage(snapshotBytes, seed), "a.pkl", file -> readAll(PickleSnapshot.open(file)));
    }

    /** Most bytes of a snapshot are weights, so the ones between them get their own turn. */
    @Property(tries = 100)
    void snapshotStructure(@ForAll long seed) throws IOException {
        RandomGenerator random = new SplittableRandom(seed);
        byte[] bytes = snapshotBytes.clone();
        int at = random.nextBoolean() ? random.nextInt(1600) : bytes.length - 1 - random.nextInt(1500);
        bytes[at] = (byte) random.nextInt(256);
        read(bytes, "a.pkl", file -> {
            try (PickleSnapshot snapshot = PickleSnapshot.open(file)) {
                snapshot.config();
                snapshot.augmentationSettings();
                snapshot.datasetSettings();
            }
            return readAll(PickleSnapshot.open(file));
        });
    }

    @Example
    void theValidFilesAreRead() throws IOException {
        for (Map<String, INDArray> read : List.of(
                Npz.read(folder.resolve("valid.npz")),
                readAll(SafeTensors.open(folder.resolve("valid.safetensors"))),
                readAll(TorchStateDict.open(folder.resolve("valid.pth"))))) {
            assertEquals(tensors.keySet(), read.keySet());
            assertEquals(contents(tensors), contents(read));
        }
    }
}

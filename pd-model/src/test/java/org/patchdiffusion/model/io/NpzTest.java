package org.patchdiffusion.model.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The fixtures were written by NumPy 2.4: with a = arange(24) in shape (2, 3, 4). */
class NpzTest {
    private static final Path FIXTURES = Path.of("src/test/resources/numpy");

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"stored.npz", "deflated.npz"})
    void readsWhatNumPyWrote(String file) throws IOException {
        Map<String, INDArray> arrays = Npz.read(FIXTURES.resolve(file));

        assertEquals(
                List.of("f4", "f8", "f2", "i8", "i4", "i2", "i1", "u1", "b1", "fortran", "scalar", "one", "empty"),
                List.copyOf(arrays.keySet()));
        for (int i = 0; i < 24; i++) {
            int[] at = {i / 12, i / 4 % 3, i % 4};
            assertEquals((float) (i / 7.0), arrays.get("f4").getFloat(at));
            assertEquals(i / 7.0, arrays.get("f8").getDouble(at));
            assertEquals(i / 8f, arrays.get("f2").getFloat(at));
            assertEquals(i - (1L << 40), arrays.get("i8").getLong(at[0], at[1], at[2]));
            assertEquals(i - 5, arrays.get("i4").getInt(at));
            assertEquals(i, arrays.get("i2").getInt(at));
            assertEquals(i - 3, arrays.get("i1").getInt(at));
            assertEquals(i * 10, arrays.get("u1").getInt(at));
            assertEquals(i % 3 == 0 ? 1 : 0, arrays.get("b1").getInt(at));
            assertEquals(i / 7.0, arrays.get("fortran").getDouble(at));
        }
        assertEquals('c', arrays.get("fortran").ordering());
        assertEquals(0, arrays.get("scalar").rank());
        assertEquals(2.5, arrays.get("scalar").getDouble());
        assertArrayEquals(new long[] {1}, arrays.get("one").shape());
        assertEquals(3, arrays.get("one").getLong(0));
        assertArrayEquals(new long[] {0, 3}, arrays.get("empty").shape());
        assertEquals(
                List.of(
                        DataType.FLOAT,
                        DataType.DOUBLE,
                        DataType.FLOAT16,
                        DataType.INT64,
                        DataType.INT32,
                        DataType.INT16),
                arrays.values().stream().limit(6).map(INDArray::dataType).toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"v2.npy", "v3.npy"})
    void readsLaterFormatVersions(String file) throws IOException {
        INDArray array = Npz.readArray(FIXTURES.resolve(file));
        assertArrayEquals(new long[] {2, 3, 4}, array.shape());
        for (int i = 0; i < 24; i++) {
            assertEquals(i / 7.0, array.getDouble(i / 12, i / 4 % 3, i % 4));
        }
    }

    @Test
    void aRoundTripKeepsBitsTypesShapesAndOrder() throws IOException {
        Map<String, INDArray> arrays = new LinkedHashMap<>();
        arrays.put(
                "z.view", Nd4j.arange(24).castTo(DataType.FLOAT).reshape(4, 6).transpose());
        arrays.put("row", Nd4j.arange(24).castTo(DataType.DOUBLE).reshape(4, 6).getRow(2));
        arrays.put("scalar", Nd4j.scalar(Float.MIN_VALUE));
        arrays.put("long", Nd4j.createFromArray(Long.MIN_VALUE, -1L, Long.MAX_VALUE));
        arrays.put("bytes", Nd4j.createFromArray(0, 127, 255).castTo(DataType.UINT8));
        arrays.put("nan", Nd4j.createFromArray(Float.NaN, Float.NEGATIVE_INFINITY, -0f));
        Path file = folder.resolve("a.npz");
        Npz.write(file, arrays);

        Map<String, INDArray> back = Npz.read(file);

        assertEquals(List.copyOf(arrays.keySet()), List.copyOf(back.keySet()));
        arrays.forEach((name, want) -> {
            INDArray got = back.get(name);
            assertEquals(want.dataType(), got.dataType());
            assertArrayEquals(want.shape(), got.shape());
            assertArrayEquals(Bytes.of(want), Bytes.of(got), name);
            assertTrue(name.equals("nan") || want.equals(got), name);
        });
        byte[] first = Files.readAllBytes(file);
        Npz.write(file, arrays);
        assertArrayEquals(first, Files.readAllBytes(file));
        assertEquals(1, Files.list(folder).count(), "no temporary file is left");
    }

    @Test
    void aSingleArrayMakesTheRoundTripBetweenMemoryAndDisk() throws IOException {
        INDArray array = Nd4j.rand(DataType.FLOAT, 100, 300);
        Npz.writeArray(folder.resolve("a.npy"), array);
        assertEquals(array, Npz.readArray(folder.resolve("a.npy")));
        assertEquals(128 + 4 * 30_000, Files.size(folder.resolve("a.npy")));
    }

    @Test
    void scalarsOfEveryTypeMakeTheRoundTrip() throws IOException {
        for (DataType type : new DataType[] {
            DataType.FLOAT,
            DataType.DOUBLE,
            DataType.FLOAT16,
            DataType.INT64,
            DataType.INT32,
            DataType.UINT8,
            DataType.BOOL
        }) {
            Npz.writeArray(folder.resolve("s.npy"), Nd4j.scalar(type, 1));
            INDArray back = Npz.readArray(folder.resolve("s.npy"));
            assertEquals(type, back.dataType());
            assertEquals(0, back.rank());
            assertEquals(1, back.getDouble());
        }
    }

    @Test
    void refusesPickledObjects() {
        IOException e = assertThrows(IOException.class, () -> Npz.read(FIXTURES.resolve("objects.npz")));
        assertTrue(e.getMessage().contains("objects.npz") && e.getMessage().contains("pickled"), e.getMessage());
    }

    @Test
    void refusesOtherElementTypes() {
        IOException e = assertThrows(IOException.class, () -> Npz.read(FIXTURES.resolve("unsupported.npz")));
        assertTrue(e.getMessage().contains("c.npy") && e.getMessage().contains("<c16"), e.getMessage());
    }

    @Test
    void refusesBfloat16BeforeItTouchesTheFile() {
        Map<String, INDArray> arrays = Map.of("b", Nd4j.create(DataType.BFLOAT16, 3));
        Path file = folder.resolve("b.npz");
        assertThrows(IllegalArgumentException.class, () -> Npz.write(file, arrays));
        assertTrue(Files.notExists(file));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(1152921504606846976,)",
                "(4294967296, 4294967296, 4294967296)",
                "(9223372036854775807,)",
                "(99999999999999999999,)",
                "(-1,)",
                "(2, 2)",
                "(0x10,)",
                "2",
                "((2,),)"
            })
    void refusesShapesThatTheFileCannotHold(String shape) throws IOException {
        String header = "{'descr': '<f8', 'fortran_order': False, 'shape': " + shape + ", }\n";
        ByteBuffer bytes = ByteBuffer.allocate(10 + header.length() + 16).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0}).putShort((short) header.length());
        bytes.put(header.getBytes(StandardCharsets.US_ASCII));
        Path file = folder.resolve("absurd.npy");
        Files.write(file, bytes.array());

        IOException e = assertThrows(IOException.class, () -> Npz.readArray(file));

        assertTrue(e.getMessage().contains("absurd.npy"), e.getMessage());
    }

    @Test
    void aFileThatIsNoZipIsNamed() throws IOException {
        Path file = Files.writeString(folder.resolve("text.npz"), "hello");
        assertTrue(assertThrows(IOException.class, () -> Npz.read(file))
                .getMessage()
                .contains("text.npz"));
        Path missing = folder.resolve("missing.npz");
        assertTrue(assertThrows(IOException.class, () -> Npz.read(missing))
                .getMessage()
                .contains("missing.npz"));
    }
}

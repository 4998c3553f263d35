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
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class SafeTensorsTest {
    @TempDir
    Path folder;

    private Path file(String header, byte... data) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(json.length).put(json).put(data);
        return Files.write(folder.resolve("hand.safetensors"), bytes.array());
    }

    @Test
    void readsAFileMadeByHand() throws IOException {
        Path file = file(
                "{\"b\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[4,12]},"
                        + "\"__metadata__\":{\"format\":\"pt\"},"
                        + "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}  ",
                new byte[] {0, 0, (byte) 0xC0, 0x3F, 1, 0, 0, 0, (byte) 0xFE, -1, -1, -1});
        try (SafeTensors tensors = SafeTensors.open(file)) {
            assertEquals(Map.of("format", "pt"), tensors.metadata());
            assertEquals(List.of("b", "a"), List.copyOf(tensors.tensors().keySet()));
            assertEquals(1.5f, tensors.read("a").getFloat(0));
            assertArrayEquals(new int[] {1, -2}, tensors.read("b").toIntVector());
            assertEquals(
                    new TensorInfo(DataType.INT32, List.of(2L)),
                    tensors.tensors().get("b"));
            assertThrows(IllegalArgumentException.class, () -> tensors.read("c"));
        }
    }

    @Test
    void aRoundTripKeepsBitsTypesAndMetadata() throws IOException {
        Map<String, INDArray> arrays = new LinkedHashMap<>();
        for (DataType type : List.of(
                DataType.UINT8,
                DataType.FLOAT,
                DataType.DOUBLE,
                DataType.FLOAT16,
                DataType.BFLOAT16,
                DataType.INT64,
                DataType.INT32,
                DataType.BOOL)) {
            arrays.put(type.name(), Nd4j.arange(15).castTo(type).reshape(3, 5));
        }
        arrays.put("permuted", Nd4j.rand(DataType.FLOAT, 3, 4, 5, 6).permute(3, 2, 0, 1));
        arrays.put("empty", Nd4j.create(DataType.FLOAT, 0, 2));
        Map<String, String> metadata = Map.of("config", "{\"a\": \"b\"}");
        Path file = folder.resolve("a.safetensors");
        SafeTensors.write(file, arrays, metadata);

        try (SafeTensors back = SafeTensors.open(file)) {
            assertEquals(metadata, back.metadata());
            assertEquals(arrays.keySet(), back.tensors().keySet());
            for (Map.Entry<String, INDArray> e : arrays.entrySet()) {
                INDArray got = back.read(e.getKey());
                assertEquals(e.getValue().dataType(), got.dataType());
                assertArrayEquals(e.getValue().shape(), got.shape());
                assertArrayEquals(Bytes.of(e.getValue()), Bytes.of(got), e.getKey());
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "an absurd shape | {'a':{'dtype':'F32','shape':[1152921504606846976],'data_offsets':[0,4]}} | 4",
                "an overflow | {'a':{'dtype':'F32','shape':[4611686018427387904,4],'data_offsets':[0,4]}} | 4",
                "a negative dimension | {'a':{'dtype':'F32','shape':[-1,-1],'data_offsets':[0,4]}} | 4",
                "an offset outside | {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | 4",
                "offsets reversed | {'a':{'dtype':'F32','shape':[0],'data_offsets':[4,0]}} | 4",
                "a size that differs | {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,4]}} | 4",
                "a hole | {'a':{'dtype':'U8','shape':[1],'data_offsets':[1,2]}} | 2",
                "a tail | {'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1]}} | 2",
                "an overlap | {'a':{'dtype':'U8','shape':[2],'data_offsets':[0,2]},"
                        + "'b':{'dtype':'U8','shape':[2],'data_offsets':[1,3]}} | 3",
                "duplicate names | {'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1]},"
                        + "'a':{'dtype':'U8','shape':[1],'data_offsets':[1,2]}} | 2",
                "an unknown type | {'a':{'dtype':'F7','shape':[1],'data_offsets':[0,1]}} | 1",
                "a missing field | {'a':{'dtype':'U8','shape':[1]}} | 1",
                "a fraction | {'a':{'dtype':'U8','shape':[1.5],'data_offsets':[0,1]}} | 1",
                "metadata that is no string | {'__metadata__':{'a':1}} | 0",
                "a list | [1] | 0",
                "broken JSON | {'a' | 0",
                "two documents | {}{} | 0"
            })
    void refuses(String what, String header, int dataBytes) throws IOException {
        Path file = file(header.replace('\'', '"'), new byte[dataBytes]);
        IOException e = assertThrows(IOException.class, () -> SafeTensors.open(file), what);
        assertTrue(e.getMessage().startsWith(file + " is not a valid safetensors file: "), e.getMessage());
        assertTrue(e.getMessage().indexOf('\n') < 0, e.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"1152921504606846976", "-1", "0", "1", "100000001", "17"})
    void refusesAHeaderLengthThatCannotBe(long length) throws IOException {
        byte[] bytes = ByteBuffer.allocate(24)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length)
                .put("{}".getBytes())
                .array();
        Path file = Files.write(folder.resolve("length.safetensors"), bytes);
        assertThrows(IOException.class, () -> SafeTensors.open(file));
    }

    @Test
    void tellsOfBrokenJsonInWordsForPeople() throws IOException {
        byte[] header = "{\"a\": {\"dtype\": \"F32\"".getBytes();
        byte[] bytes = ByteBuffer.allocate(8 + header.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length)
                .put(header)
                .array();
        Path file = Files.write(folder.resolve("broken.safetensors"), bytes);
        String message =
                assertThrows(IOException.class, () -> SafeTensors.open(file)).getMessage();
        assertTrue(
                message.endsWith(
                        "its header is not valid JSON (Unexpected end-of-input: expected close marker for Object)"),
                message);
    }

    @Test
    void refusesAFileCutShortAnywhere() throws IOException {
        Path file = folder.resolve("a.safetensors");
        SafeTensors.write(file, Map.of("a", Nd4j.ones(DataType.FLOAT, 3)), Map.of("k", "v"));
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length < whole.length; length++) {
            Files.write(file, java.util.Arrays.copyOf(whole, length));
            assertThrows(IOException.class, () -> SafeTensors.open(file));
        }
    }
}

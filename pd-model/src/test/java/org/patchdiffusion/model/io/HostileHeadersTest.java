package org.patchdiffusion.model.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Headers that are small, or look so, and once took minutes or gigabytes: counts are limited, not bytes alone. */
class HostileHeadersTest {
    private static final long MOST_HEAP = 64L << 20;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @TempDir
    Path folder;

    private String refusal(String name, byte[] bytes, ThrowingReader reader) throws IOException {
        Path file = Files.write(folder.resolve(name), bytes);
        Executable reading = () -> reader.read(file);
        long thread = Thread.currentThread().getId();
        long before = THREADS.getThreadAllocatedBytes(thread);
        IOException e = assertThrows(IOException.class, reading);
        long heap = THREADS.getThreadAllocatedBytes(thread) - before;
        assertTrue(heap < MOST_HEAP, heap + " bytes of heap were needed");
        assertTrue(e.getMessage().startsWith(file.toString()), e.getMessage());
        assertTrue(e.getMessage().length() < 600 && e.getMessage().lines().count() == 1, e.getMessage());
        return e.getMessage();
    }

    @FunctionalInterface
    private interface ThrowingReader {
        void read(Path file) throws IOException;
    }

    private static byte[] npy(String header) {
        ByteBuffer bytes = ByteBuffer.allocate(12 + header.length()).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0}).putInt(header.length());
        return bytes.put(header.getBytes(StandardCharsets.ISO_8859_1)).array();
    }

    private static String withShape(String shape) {
        return "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + "}";
    }

    private String npyRefusal(String header) throws IOException {
        return refusal("a.npy", npy(header), Npz::readArray);
    }

    @Test
    void manyDimensionsAndMuchSpaceInAnArrayHeader() throws IOException {
        assertTrue(npyRefusal(withShape("(" + "1,".repeat(15_000) + ")")).contains("more than 32 dimensions"));
        assertTrue(npyRefusal(withShape("(1" + " ".repeat(60_000) + "x)")).contains("not a tuple of whole numbers"));
        assertTrue(npyRefusal("{" + " ".repeat(60_000)).contains("malformed"));
        assertTrue(npyRefusal(withShape("(" + "9".repeat(60_000) + ",)")).contains("out of range"));
        assertTrue(npyRefusal("{'" + "a".repeat(60_000) + "': 1}").contains("has the key aaa"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{",
                "{}",
                "{'descr'}",
                "{'descr': '<f4'}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
                "{'descr': '<f4' 'fortran_order': False, 'shape': (1,)}",
                "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
                "{'descr': '<f4', 'fortran_order': Falsch, 'shape': (1,)}",
                "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1,,2)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1.0,)}"
            })
    void otherArrayHeadersAreRefused(String header) throws IOException {
        npyRefusal(header);
    }

    @Test
    void arrayHeadersThatPythonWouldReadAreRead() throws IOException {
        for (String header : new String[] {
            "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3), }\n",
            "{\"shape\":(0L,3L),\"descr\":\"<f4\",\"fortran_order\":True}   ",
            "{ 'fortran_order' : False , 'shape' : ( 0 , 3 , ) , 'descr' : '<f4' }"
        }) {
            Path file = Files.write(folder.resolve("b.npy"), npy(header));
            assertArrayEquals(new long[] {0, 3}, Npz.readArray(file).shape(), header);
        }
    }

    private static byte[] safetensors(String header) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + json.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .array();
    }

    private String safetensorsRefusal(String header) throws IOException {
        return refusal("a.safetensors", safetensors(header), file -> SafeTensors.open(file)
                .close());
    }

    @Test
    void manyNamesInASafetensorsHeader() throws IOException {
        StringBuilder header = new StringBuilder("{");
        for (int i = 0; i < 160_000; i++) {
            header.append("\"n").append(i).append("\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},");
        }
        header.setCharAt(header.length() - 1, '}');
        assertTrue(safetensorsRefusal(header.toString()).contains("more than 20000 tensors"));
        StringBuilder metadata = new StringBuilder("{\"__metadata__\":{");
        for (int i = 0; i < 2000; i++) {
            metadata.append("\"k").append(i).append("\":\"\",");
        }
        metadata.setCharAt(metadata.length() - 1, '}');
        assertTrue(safetensorsRefusal(metadata + "}").contains("more than 1000 keys"));
    }

    @Test
    void largeAndDeepSafetensorsHeaders() throws IOException {
        byte[] large = new byte[(1 << 24) + 100];
        ByteBuffer.wrap(large).order(ByteOrder.LITTLE_ENDIAN).putLong((1 << 24) + 1);
        assertTrue(
                refusal("b.safetensors", large, file -> SafeTensors.open(file).close())
                        .contains("at most 16777216 are accepted of a header"));
        safetensorsRefusal("{\"a\":" + "[".repeat(100_000));
        safetensorsRefusal("{\"" + "a".repeat(100_000) + "\":1}");
        safetensorsRefusal("{\"a\":{\"dtype\":\"U8\",\"shape\":[" + "9".repeat(100_000) + "]}}");
        safetensorsRefusal("{\"a\":{\"dtype\":\"U8\",\"shape\":[" + "1,".repeat(100_000) + "1]}}");
        assertTrue(refusal(
                        "c.safetensors",
                        new byte[] {4, 0, 0, 0, 0, 0, 0, 0, '{', '"', (byte) 0xff, '"'},
                        file -> SafeTensors.open(file).close())
                .contains("not valid UTF-8"));
    }

    /** A legacy file whose list of storages holds the value that a piece of pickle makes. */
    private static byte[] legacy(String key) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        String magic = "\u0080\u0002\u008a\n\u006c\u00fc\u009c\u0046\u00f9\u0020\u006a\u00a8\u0050\u0019.";
        String version = "\u0080\u0002M\u00e9\u0003.";
        String machine = "\u0080\u0002}\u008c\rlittle_endian\u0088s.";
        String root = "\u0080\u0002}.";
        for (String part : new String[] {magic, version, machine, root, "\u0080\u0002]" + key + "a."}) {
            bytes.writeBytes(part.getBytes(StandardCharsets.ISO_8859_1));
        }
        return bytes.toByteArray();
    }

    @Test
    void keysOfLegacyStoragesThatAreNoNames() throws IOException {
        String doubled = "]q\u0000" + "](h\u0000h\u0000eq\u0000".repeat(40);
        String deep = "]".repeat(30_000) + "a".repeat(29_999);
        String itself = "]q\u0000h\u0000a";
        for (String key : new String[] {doubled, deep, itself, "K\u0001", "\u008a\u0001\u0005"}) {
            String message = refusal(
                    "a.pth", legacy(key), file -> TorchStateDict.open(file).close());
            assertTrue(
                    message.endsWith("it lists the storage by something else than a name, which is not in use"),
                    message);
        }
        assertTrue(refusal("a.pth", legacy("\u008c\u00015"), file -> TorchStateDict.open(file)
                        .close())
                .endsWith("it lists the storage 5, which is not in use"));
    }

    @Test
    void settingsThatHoldListsManyTimesOver() {
        List<Object> list = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            list = new ArrayList<>(List.of(list, list));
        }
        Map<String, Object> network =
                Map.of("img_resolution", 16, "img_channels", 5, "out_channels", 3, "dropout", list);
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class, () -> OfficialSettings.toConfig("Patch_EDMPrecond", network, Map.of()));
        assertEquals("the network's setting dropout is a list of 2 values, expected a number", e.getMessage());
    }
}

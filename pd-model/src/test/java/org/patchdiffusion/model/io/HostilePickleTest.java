package org.patchdiffusion.model.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;

/** Pickles written to do harm. A character of a pickle below stands for the byte of that code. */
class HostilePickleTest {
    private static final String PERSISTENT = "ctorch_utils.persistence\n_reconstruct_persistent_obj\n";
    private static final String META = text("type") + text("class") + text("class_name") + text("N") + text("state");

    @TempDir
    Path folder;

    private static String text(String value) {
        return "\u008c" + (char) value.length() + value;
    }

    private IOException refusal(String pickle) throws IOException {
        Path file = folder.resolve("hostile.pkl");
        Files.write(file, pickle.getBytes(StandardCharsets.ISO_8859_1));
        IOException e = assertThrows(IOException.class, () -> PickleSnapshot.open(file));
        assertTrue(e.getMessage().startsWith(file + " is not a valid network snapshot: "), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
        return e;
    }

    @ParameterizedTest
    @CsvSource({
        "os, system",
        "posix, system",
        "builtins, eval",
        "builtins, getattr",
        "subprocess, Popen",
        "torch, load",
        "numpy.core.multiarray, _reconstruct",
        "java.lang, Runtime",
        "torch.nn.modules.container, Evil"
    })
    void otherClassesAreRefusedByName(String module, String name) throws IOException {
        String byLines = "\u0080\u0002c" + module + "\n" + name + "\n" + text("true") + "\u0085R.";
        String byStack = "\u0080\u0004" + text(module) + text(name) + "\u0093" + text("true") + "\u0085R.";
        for (String pickle : new String[] {byLines, byStack}) {
            assertTrue(
                    refusal(pickle).getMessage().contains(module + "." + name),
                    refusal(pickle).getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(ios\nsystem\n.", // INST
                "(cos\nsystem\no.", // OBJ
                "\u0082\u0001.", // EXT1
                "(S'a'\ntR.", // STRING
                "Pid\n.", // PERSID
                "\u0097.", // NEXT_BUFFER
                "\u0096\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0010.", // BYTEARRAY8
                "L99999999999\n.", // LONG
                "d." // DICT
            })
    void otherInstructionsAreRefused(String pickle) throws IOException {
        refusal("\u0080\u0004" + pickle);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "X\u00ff\u00ff\u00ff\u007f", // 2 GB of text
                "X\u00ff\u00ff\u00ff\u00ff",
                "B\u00ff\u00ff\u00ff\u00ff",
                "\u008d\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0010", // 2^60 bytes
                "\u008e\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0010",
                "\u008e\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff",
                "\u008b\u00ff\u00ff\u00ff\u007f" // LONG4
            })
    void lengthsBeyondTheFileAreRefused(String pickle) throws IOException {
        refusal("\u0080\u0004" + pickle + ".");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "R.",
                "h\u0000.",
                "t.",
                "s.",
                "u.",
                "b.",
                "(((((.",
                "N",
                "K",
                "}K\u0001K\u0002s.",
                "ctorch\nFloatStorage\n)R.",
                "cnumpy\ndtype\n)R.",
                "ccollections\nOrderedDict\nK\u0001\u0085R.",
                "NQ."
            })
    void brokenProgramsAreRefused(String pickle) throws IOException {
        refusal("\u0080\u0004" + pickle);
    }

    @Test
    void keysThatAreSlowToHashAreRefused() throws IOException {
        assertTrue(refusal("\u0080\u0002}]K\u0001s.").getMessage().contains("neither text nor a number"));
        assertTrue(refusal("\u0080\u0004\u008f(]\u0090.").getMessage().contains("neither text nor a number"));
    }

    @Test
    void duplicateKeysAreRefused() throws IOException {
        String pickle = "\u0080\u0002}(" + text("a") + "K\u0001" + text("a") + "K\u0002u.";
        assertTrue(refusal(pickle).getMessage().contains("the key a twice"));
    }

    @Test
    void aNetworkThatContainsItselfIsRefused() throws IOException {
        // state = {"_modules": m}; m["x"] = the object made of state
        String object = PERSISTENT + "}(" + META + "}" + text("_modules") + "}q\u0001su\u0085Rq\u0002";
        String pickle = "\u0080\u0002}" + text("ema") + object + "h\u0001" + text("x") + "h\u0002s0s.";
        assertTrue(
                refusal(pickle).getMessage().contains("nested more than"),
                refusal(pickle).getMessage());
    }

    @Test
    void aNetworkThatBranchesWithoutEndIsRefused() throws IOException {
        // Each of 30 levels holds the one below twice: 2^30 modules in a file of 4 kB.
        StringBuilder pickle = new StringBuilder("\u0080\u0002}" + text("ema") + "K\u0001q\u0000");
        for (int level = 0; level < 30; level++) {
            pickle.append("0" + PERSISTENT + "}(" + META + "}" + text("_modules") + "}(" + text("a") + "h\u0000"
                    + text("b") + "h\u0000usu\u0085Rq\u0000");
        }
        assertTrue(refusal(pickle + "s.").getMessage().contains("20000 modules"));
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1152921504606846976, 1",
        "0, 4, 1152921504606846976",
        "0, 4, 4",
        "0, -4, 1",
        "0, 4, -1",
        "-1, 4, 1",
        "7, 4, 1",
        "9223372036854775807, 1, 1",
        "0, 9223372036854775807, 9223372036854775807"
    })
    void tensorsThatLeaveTheirStorageAreRefused(long offset, long size, long stride) throws IOException {
        TorchStorage storage = new TorchStorage(DataType.FLOAT, 10);
        assertThrows(IOException.class, () -> TorchTensor.of(storage, offset, new long[] {size}, new long[] {stride}));
    }

    @Test
    void aStridedTensorIsReadInRowMajorOrder() throws IOException {
        TorchStorage storage = new TorchStorage(DataType.UINT8, 8);
        storage.place(8, reader -> reader.read(Region.of(new byte[] {0, 1, 2, 3, 4, 5, 6, 7}).stream(), 8));
        TorchTensor transposed = TorchTensor.of(storage, 1, new long[] {2, 3}, new long[] {1, 2});
        assertEquals("[1, 3, 5, 2, 4, 6]", java.util.Arrays.toString(Bytes.of(transposed.read())));
        TorchTensor row = TorchTensor.of(storage, 5, new long[] {3}, new long[] {1});
        assertEquals("[5, 6, 7]", java.util.Arrays.toString(Bytes.of(row.read())));
        TorchTensor scalar = TorchTensor.of(storage, 7, new long[0], new long[0]);
        assertEquals(7, scalar.read().getInt(0));
        TorchTensor empty = TorchTensor.of(storage, 8, new long[] {0, 3}, new long[] {3, 1});
        assertEquals(0, Bytes.of(empty.read()).length);
    }

    /** What {@code expand} gives: axes of stride 0. PyTorch saves one element for many. */
    @Test
    void anExpandedTensorRepeatsItsElements() throws IOException {
        for (DataType type : new DataType[] {DataType.UINT8, DataType.FLOAT16, DataType.FLOAT, DataType.INT64}) {
            int width = type.width();
            byte[] bytes = new byte[3 * width];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) (i + 1);
            }
            TorchStorage storage = new TorchStorage(type, 3);
            storage.place(bytes.length, reader -> reader.read(Region.of(bytes).stream(), bytes.length));
            TorchTensor rows = TorchTensor.of(storage, 0, new long[] {2, 3, 2}, new long[] {0, 1, 0});
            byte[] got = Bytes.of(rows.read());
            assertEquals(12 * width, got.length);
            for (int i = 0; i < got.length; i++) {
                int element = i / width / 2 % 3;
                assertEquals(element * width + i % width + 1, got[i], type + " at byte " + i);
            }
            TorchTensor one = TorchTensor.of(storage, 2, new long[] {4}, new long[] {0});
            assertEquals(2 * width + 1, Bytes.of(one.read())[3 * width]);
            TorchTensor overlapping = TorchTensor.of(storage, 0, new long[] {2, 2}, new long[] {1, 1});
            assertEquals(width + 1, Bytes.of(overlapping.read())[2 * width]);
        }
    }

    @Test
    void aHugeTensorOfFewElementsIsRefused() {
        TorchStorage storage = new TorchStorage(DataType.FLOAT, 1);
        IOException e = assertThrows(
                IOException.class, () -> TorchTensor.of(storage, 0, new long[] {1L << 31}, new long[] {0}));
        assertTrue(e.getMessage().contains("repeats 1 elements"), e.getMessage());
    }

    @Test
    void stridesAreMultipliedExactly() {
        TorchStorage storage = new TorchStorage(DataType.FLOAT, 1L << 33);
        IOException e = assertThrows(
                IOException.class,
                () -> TorchTensor.of(storage, 0, new long[] {(1L << 31) + 2}, new long[] {(1L << 33) - 2}));
        assertTrue(e.getMessage().contains("reaches beyond"), e.getMessage());
    }

    @Test
    void aStorageMustHaveTheSizeThatThePickleSays() {
        TorchStorage storage = new TorchStorage(DataType.FLOAT, 1L << 60);
        assertThrows(IOException.class, () -> storage.place(16, reader -> {}));
        assertThrows(IOException.class, () -> new TorchStorage(DataType.FLOAT, -1).place(0, reader -> {}));
    }

    @Test
    void unknownSettingsAreNamed() {
        Map<String, Object> network =
                Map.of("img_resolution", 16, "img_channels", 5, "out_channels", 3, "warp_factor", 9);
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class, () -> OfficialSettings.toConfig("Patch_EDMPrecond", network, Map.of()));
        assertTrue(e.getMessage().contains("warp_factor"), e.getMessage());
    }

    @Test
    void aNetworkWithoutPositionChannelsIsExplained() {
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class,
                () -> OfficialSettings.toConfig(
                        "EDMPrecond", Map.of("img_resolution", 32, "img_channels", 3), Map.of()));
        assertTrue(e.getMessage().contains("without the two position channels"), e.getMessage());
    }
}

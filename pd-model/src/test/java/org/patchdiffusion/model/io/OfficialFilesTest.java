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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Every form in which the official tools save weights holds the same tensors, bit for bit. */
class OfficialFilesTest {
    private static final int LOCAL_HEADER = 0x04034b50;
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final String PREFIX = "param.";
    private static final Map<String, INDArray> WANTED = new LinkedHashMap<>();

    @TempDir
    Path folder;

    @BeforeAll
    static void readWithTheNumPyReader() throws IOException {
        Npz.read(GOLDEN.resolve("network-snapshot-000100.npz")).forEach((name, array) -> {
            if (name.startsWith(PREFIX)) {
                WANTED.put(name.substring(PREFIX.length()), array);
            }
        });
        assertEquals(147, WANTED.size());
    }

    private static void assertHoldsTheWeights(TensorFile file) throws IOException {
        assertEquals(List.copyOf(WANTED.keySet()), List.copyOf(file.tensors().keySet()));
        for (Map.Entry<String, INDArray> e : WANTED.entrySet()) {
            INDArray got = file.read(e.getKey());
            assertArrayEquals(e.getValue().shape(), got.shape(), e.getKey());
            assertArrayEquals(Bytes.of(e.getValue()), Bytes.of(got), e.getKey());
        }
    }

    @Test
    void snapshot() throws IOException {
        try (PickleSnapshot snapshot = PickleSnapshot.open(GOLDEN.resolve("network-snapshot-000100.pkl"))) {
            assertHoldsTheWeights(snapshot);
        }
    }

    @Test
    void snapshotSettings() throws IOException {
        try (PickleSnapshot snapshot = PickleSnapshot.open(GOLDEN.resolve("network-snapshot-000100.pkl"))) {
            assertEquals("Patch_EDMPrecond", snapshot.preconditioning());
            Map<String, Object> network = snapshot.networkSettings();
            assertEquals(
                    List.of(
                            "img_resolution",
                            "img_channels",
                            "out_channels",
                            "label_dim",
                            "model_type",
                            "model_channels",
                            "channel_mult",
                            "num_blocks",
                            "attn_resolutions",
                            "dropout",
                            "embedding_type",
                            "encoder_type",
                            "decoder_type",
                            "channel_mult_noise",
                            "resample_filter",
                            "augment_dim",
                            "use_fp16"),
                    List.copyOf(network.keySet()));
            assertEquals(16, network.get("img_resolution"));
            assertEquals(List.of(1, 2), network.get("channel_mult"));
            assertEquals(0.05, network.get("dropout"));
            assertEquals(false, network.get("use_fp16"));
            assertEquals("SongUNet", network.get("model_type"));
            Map<String, Object> augmentation = snapshot.augmentationSettings().orElseThrow();
            assertEquals(
                    Map.of(
                            "p",
                            0.12,
                            "xflip",
                            1e8,
                            "yflip",
                            1,
                            "scale",
                            1,
                            "rotate_frac",
                            1,
                            "aniso",
                            1,
                            "translate_frac",
                            1),
                    augmentation);
            assertEquals("Patch_EDMLoss", snapshot.lossSettings().orElseThrow().get("class_name"));
            assertEquals("datasets/tiny-16x16.zip", snapshot.datasetSettings().get("path"));
        }
    }

    @Test
    void stateDictInZipFormat() throws IOException {
        try (TorchStateDict state = TorchStateDict.open(GOLDEN.resolve("state-dict.pth"))) {
            assertHoldsTheWeights(state);
        }
    }

    @Test
    void stateDictInLegacyFormat() throws IOException {
        try (TorchStateDict state = TorchStateDict.open(GOLDEN.resolve("state-dict.legacy.pth"))) {
            assertHoldsTheWeights(state);
        }
    }

    /** A file in PyTorch's format made with Python's pickle: shared storages, channels-last memory, other types. */
    @Test
    void tensorsThatShareAStorageOrHaveOtherStrides() throws IOException {
        try (TorchStateDict state = TorchStateDict.open(Path.of("src/test/resources/torch/views.pth"))) {
            assertEquals(
                    List.of("first", "second", "channels_last", "half", "bfloat", "long"),
                    List.copyOf(state.tensors().keySet()));
            assertArrayEquals(
                    new float[] {0, 1, 2, 3, 4, 5}, state.read("first").ravel().toFloatVector());
            assertEquals(23, state.read("second").getFloat(17));
            INDArray channelsLast = state.read("channels_last");
            assertArrayEquals(new long[] {2, 3, 2, 2}, channelsLast.shape());
            assertEquals(12 + 2 + 6 + 3, channelsLast.getFloat(1, 2, 1, 1));
            assertEquals(1 + 6, channelsLast.getFloat(0, 1, 1, 0));
            assertArrayEquals(
                    new float[] {0, 0.25f, 0.5f, 0.75f},
                    state.read("half").castTo(DataType.FLOAT).toFloatVector());
            assertArrayEquals(
                    new float[] {1, -2, 3.140625f},
                    state.read("bfloat").castTo(DataType.FLOAT).toFloatVector());
            assertArrayEquals(new long[] {-1, 1L << 40}, state.read("long").toLongVector());
        }
    }

    @Test
    void roundTripsKeepTheBits() throws IOException {
        TorchStateDict.write(folder.resolve("a.pth"), WANTED);
        try (TorchStateDict state = TorchStateDict.open(folder.resolve("a.pth"))) {
            assertHoldsTheWeights(state);
        }
        SafeTensors.write(folder.resolve("a.safetensors"), WANTED, Map.of());
        try (SafeTensors tensors = SafeTensors.open(folder.resolve("a.safetensors"))) {
            assertHoldsTheWeights(tensors);
        }
    }

    /** PyTorch maps storages into memory, for which it aligns them; walks through the file as it does. */
    @Test
    void storagesAreStoredAndAligned() throws IOException {
        Path file = folder.resolve("b.pth");
        TorchStateDict.write(file, WANTED);
        ByteBuffer zip = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        List<String> names = new ArrayList<>();
        int at = 0;
        while (zip.getInt(at) == LOCAL_HEADER) {
            assertEquals(0, zip.getShort(at + 8), "method of the entry at " + at);
            int nameLength = zip.getShort(at + 26);
            names.add(new String(zip.array(), at + 30, nameLength, StandardCharsets.UTF_8));
            int data = at + 30 + nameLength + zip.getShort(at + 28);
            assertEquals(0, data % 64, "start of " + names.get(names.size() - 1));
            at = data + zip.getInt(at + 18);
        }
        assertEquals(WANTED.size() + 3, names.size());
        assertEquals("b/data.pkl", names.get(0));
        assertEquals("b/data/146", names.get(names.size() - 2));
        assertEquals("b/version", names.get(names.size() - 1));
    }

    @Test
    void namesTheFileThatIsMissing() {
        Path missing = folder.resolve("missing.pth");
        for (IOException e : List.of(
                assertThrows(IOException.class, () -> TorchStateDict.open(missing)),
                assertThrows(IOException.class, () -> PickleSnapshot.open(missing)),
                assertThrows(IOException.class, () -> SafeTensors.open(missing)))) {
            assertTrue(e.getMessage().startsWith(missing + " does not exist"), e.getMessage());
        }
        assertTrue(Files.notExists(missing));
    }
}

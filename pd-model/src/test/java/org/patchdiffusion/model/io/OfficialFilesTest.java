package org.patchdiffusion.model.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Every form in which the official tools save weights holds the same tensors, bit for bit. */
class OfficialFilesTest {
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

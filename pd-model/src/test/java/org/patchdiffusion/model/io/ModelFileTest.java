package org.patchdiffusion.model.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.precond.EdmPreconditioning;

class ModelFileTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final Path SNAPSHOT = GOLDEN.resolve("network-snapshot-000100.pkl");
    private static final double BAR = 1e-5;

    @TempDir
    Path folder;

    private static DiffusionModel snapshot() throws IOException {
        try (PickleSnapshot snapshot = PickleSnapshot.open(SNAPSHOT)) {
            return snapshot.model();
        }
    }

    private static double relativeError(INDArray got, INDArray want) {
        INDArray exact = want.castTo(DataType.DOUBLE);
        return got.castTo(DataType.DOUBLE).sub(exact).norm2Number().doubleValue()
                / exact.norm2Number().doubleValue();
    }

    private static INDArray denoise(SameDiff graph, Map<String, INDArray> golden, String prefix, int augmentDim) {
        INDArray x = golden.get(prefix + "x");
        Map<String, INDArray> inputs = new LinkedHashMap<>(
                Map.of("x", x, "sigma", golden.get(prefix + "sigma"), "pos", golden.get(prefix + "pos")));
        if (augmentDim > 0) {
            inputs.put("augment_labels", Nd4j.zeros(DataType.FLOAT, x.size(0), augmentDim));
        }
        return graph.output(inputs, "D").get("D");
    }

    private static DiffusionModel golden(String name, Map<String, INDArray> arrays) throws IOException {
        Map<?, ?> json =
                new ObjectMapper().readValue(GOLDEN.resolve(name + ".json").toFile(), Map.class);
        @SuppressWarnings("unchecked")
        Map<String, Object> network = (Map<String, Object>) json.get("network");
        ModelConfig config = OfficialSettings.toConfig((String) json.get("precond"), network, Map.of());
        Map<String, INDArray> tensors = new LinkedHashMap<>();
        arrays.forEach((key, array) -> {
            if (key.startsWith("param.")) {
                tensors.put(key.substring("param.".length()), array);
            }
        });
        return DiffusionModel.of(config, OfficialLayout.read(new InMemory(tensors), config));
    }

    @Test
    void theSnapshotDenoisesAsTheOfficialNetwork() throws IOException {
        Map<String, INDArray> golden = Npz.read(GOLDEN.resolve("network-snapshot-000100.npz"));
        DiffusionModel model = snapshot();
        assertEquals(new EdmPreconditioning(-1.2, 1.2, 0.5), model.config().preconditioning());
        assertEquals(16, model.config().height());
        INDArray got = denoise(model.denoiserGraph(2, 16, 16).sameDiff(), golden, "in.", 9);
        double error = relativeError(got, golden.get("out.D"));
        assertTrue(error <= BAR, "D(x) is off by " + error);
    }

    @Test
    void aModelFileHoldsTheOfficialStateDictBitForBit() throws IOException {
        DiffusionModel model = snapshot();
        Path file = folder.resolve("model.safetensors");
        ModelFile.write(file, model.config(), model.parameters(), Map.of("seed", "0"));

        try (SafeTensors tensors = SafeTensors.open(file);
                PickleSnapshot official = PickleSnapshot.open(SNAPSHOT)) {
            assertEquals(official.tensors(), tensors.tensors());
            assertEquals(
                    List.copyOf(official.tensors().keySet()),
                    List.copyOf(tensors.tensors().keySet()));
            for (String name : official.tensors().keySet()) {
                assertArrayEquals(Bytes.of(official.read(name)), Bytes.of(tensors.read(name)), name);
            }
        }
        DiffusionModel back = ModelFile.read(file);
        assertEquals(model.config(), back.config());
        assertArrayEquals(
                Bytes.of(model.parameters().flat()), Bytes.of(back.parameters().flat()));
        assertEquals(new ModelFile.Info(model.config(), Map.of("seed", "0")), ModelFile.info(file));
    }

    @Test
    void aStateDictMakesTheRoundTrip() throws IOException {
        DiffusionModel model = snapshot();
        Path file = folder.resolve("model.pth");
        TorchStateDict.write(file, OfficialLayout.tensors(model.config(), model.parameters()));
        try (TorchStateDict state = TorchStateDict.open(file);
                TorchStateDict official = TorchStateDict.open(GOLDEN.resolve("state-dict.pth"))) {
            assertEquals(official.tensors(), state.tensors());
            assertArrayEquals(
                    Bytes.of(model.parameters().flat()),
                    Bytes.of(OfficialLayout.read(state, model.config()).flat()));
            assertArrayEquals(
                    Bytes.of(model.parameters().flat()),
                    Bytes.of(OfficialLayout.read(official, model.config()).flat()));
        }
    }

    @Test
    void anExportedGraphGivesTheSameNumbersInStockSameDiff() throws IOException {
        for (String name : List.of("unet-ddpmpp", "unet-ncsnpp")) {
            Map<String, INDArray> golden = Npz.read(GOLDEN.resolve(name + ".npz"));
            DiffusionModel model = golden(name, golden);
            INDArray want = golden.get("out.full.D");
            int batch = (int) want.size(0);
            Path file = folder.resolve("d.fb");
            SameDiffFile.write(file, model, batch, 16, 16);

            SameDiff loaded = SameDiff.load(file.toFile(), false);
            double error = relativeError(denoise(loaded, golden, "in.full.", 0), want);
            assertTrue(error <= BAR, name + ": D(x) is off by " + error);

            DiffusionModel back = SameDiffFile.read(file);
            assertEquals(model.config(), back.config());
            assertArrayEquals(
                    Bytes.of(model.parameters().flat()),
                    Bytes.of(back.parameters().flat()));
        }
    }

    @Test
    void aMismatchListsWhatDiffers() throws IOException {
        DiffusionModel model = snapshot();
        Map<String, INDArray> tensors = OfficialLayout.tensors(model.config(), model.parameters());
        tensors.remove("model.map_layer0.bias");
        tensors.put("model.extra", Nd4j.zeros(DataType.FLOAT, 1));
        tensors.put("model.map_layer1.bias", Nd4j.zeros(DataType.FLOAT, 31));
        IOException e =
                assertThrows(IOException.class, () -> OfficialLayout.read(new InMemory(tensors), model.config()));
        assertEquals(
                "the tensors of memory do not fit the model configuration: 1 missing (model.map_layer0.bias);"
                        + " 1 unexpected (model.extra); 1 different (model.map_layer1.bias is FLOAT [31] instead of"
                        + " FLOAT [32])",
                e.getMessage());
    }

    @Test
    void aLongMismatchStaysReadable() throws IOException {
        DiffusionModel model = snapshot();
        IOException e =
                assertThrows(IOException.class, () -> OfficialLayout.read(new InMemory(Map.of()), model.config()));
        assertTrue(e.getMessage().contains("143 missing (") && e.getMessage().contains(" and 138 more)"));
        assertTrue(e.getMessage().length() < 400, e.getMessage());
    }

    @Test
    void valuesThatAreNotFiniteAreNamed() throws IOException {
        DiffusionModel model = snapshot();
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            model.parameters().view("model.map_layer1.bias").putScalar(31, bad);
            Path file = folder.resolve("bad.safetensors");
            ModelFile.write(file, model.config(), model.parameters(), Map.of());
            IOException e = assertThrows(IOException.class, () -> ModelFile.read(file));
            assertTrue(
                    e.getMessage().contains("bad.safetensors: tensor model.map_layer1.bias holds values"),
                    e.getMessage());
        }
    }

    @Test
    void anotherResamplingFilterIsRefused() throws IOException {
        DiffusionModel model = snapshot();
        Map<String, INDArray> tensors = OfficialLayout.tensors(model.config(), model.parameters());
        tensors.put("model.enc.8x8_down.skip.resample_filter", Nd4j.ones(DataType.FLOAT, 1, 1, 2, 2));
        IOException e =
                assertThrows(IOException.class, () -> OfficialLayout.read(new InMemory(tensors), model.config()));
        assertTrue(e.getMessage().contains("8x8_down.skip.resample_filter"), e.getMessage());
    }

    @Test
    void halfPrecisionIsWidenedExactly() throws IOException {
        DiffusionModel model = snapshot();
        for (DataType type : List.of(DataType.FLOAT16, DataType.BFLOAT16, DataType.DOUBLE)) {
            Map<String, INDArray> tensors = new LinkedHashMap<>();
            OfficialLayout.tensors(model.config(), model.parameters())
                    .forEach((name, array) -> tensors.put(name, array.castTo(type)));
            Path file = folder.resolve("half.safetensors");
            SafeTensors.write(file, tensors, Map.of());
            try (SafeTensors half = SafeTensors.open(file)) {
                INDArray flat = OfficialLayout.read(half, model.config()).flat();
                INDArray rounded = model.parameters().flat().castTo(type).castTo(DataType.FLOAT);
                assertArrayEquals(Bytes.of(rounded), Bytes.of(flat));
            }
        }
    }

    @Test
    void aSafetensorsFileWithoutConfigurationIsNoModel() throws IOException {
        Path file = folder.resolve("other.safetensors");
        SafeTensors.write(file, Map.of("a", Nd4j.ones(DataType.FLOAT, 2)), Map.of());
        IOException e = assertThrows(IOException.class, () -> ModelFile.read(file));
        assertTrue(e.getMessage().contains("no model of this toolkit"), e.getMessage());
    }

    @Test
    void filtersCoverEveryResamplingModule() {
        UNetConfig skip = UNetConfig.ncsnpp(16, 3)
                .channelMult(List.of(1, 2))
                .encoder(UNetConfig.EncoderKind.SKIP)
                .decoder(UNetConfig.DecoderKind.SKIP)
                .build();
        assertEquals(
                List.of(
                        "model.enc.8x8_down.conv0.resample_filter",
                        "model.enc.8x8_down.skip.resample_filter",
                        "model.enc.8x8_aux_down.resample_filter",
                        "model.dec.16x16_up.conv0.resample_filter",
                        "model.dec.16x16_up.skip.resample_filter",
                        "model.dec.16x16_aux_up.resample_filter"),
                ResampleFilters.names(skip));
        INDArray filter = ResampleFilters.value(skip);
        assertEquals(1, filter.sumNumber().doubleValue(), 0);
        assertEquals(9 / 64f, filter.getFloat(0, 0, 1, 2));
    }

    @Test
    void nothingIsLeftBehind() throws IOException {
        DiffusionModel model = snapshot();
        ModelFile.write(folder.resolve("m.safetensors"), model.config(), model.parameters(), Map.of());
        assertThrows(
                IllegalArgumentException.class, () -> SameDiffFile.write(folder.resolve("d.fb"), model, 1, 15, 16));
        assertEquals(1, Files.list(folder).count());
    }

    /** Tensors that stand in memory. */
    private record InMemory(Map<String, INDArray> arrays) implements TensorFile {
        @Override
        public Path file() {
            return Path.of("memory");
        }

        @Override
        public Map<String, TensorInfo> tensors() {
            Map<String, TensorInfo> infos = new LinkedHashMap<>();
            arrays.forEach((name, array) -> infos.put(
                    name,
                    new TensorInfo(
                            array.dataType(),
                            java.util.Arrays.stream(array.shape()).boxed().toList())));
            return infos;
        }

        @Override
        public INDArray read(String name) {
            return arrays.get(name).dup('c');
        }

        @Override
        public void close() {}
    }
}

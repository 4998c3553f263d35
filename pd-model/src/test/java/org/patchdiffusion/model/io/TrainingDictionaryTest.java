package org.patchdiffusion.model.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.ModelConfig;

/** Files of PyTorch 1.13, as training scripts save them, and the same weights alone. */
class TrainingDictionaryTest {
    private static final Path WRAPPED = Path.of("src/test/resources/torch/wrapped");

    @TempDir
    Path folder;

    private static byte[] weights(TensorFile opened) throws IOException {
        ModelConfig config = ModelFile.info(WRAPPED.resolve("base.safetensors")).config();
        try (opened) {
            return Bytes.of(OfficialLayout.read(opened, config).flat());
        }
    }

    private static byte[] weights(String file) throws IOException {
        return weights(TorchStateDict.open(WRAPPED.resolve(file)));
    }

    private static TorchTensor tensor(long elements) throws IOException {
        return TorchTensor.of(new TorchStorage(DataType.FLOAT, elements), 0, new long[] {elements}, new long[] {1});
    }

    private static Optional<String> choice(Map<?, ?> root) throws IOException {
        return TrainingDictionary.weights(root).choice();
    }

    private static String refusal(Object root) {
        return assertThrows(IOException.class, () -> TrainingDictionary.weights(root))
                .getMessage();
    }

    @ParameterizedTest
    @CsvSource({
        "module.pth, expected.pth",
        "orig_mod.pth, expected.pth",
        "state_dict.pth, expected.pth",
        "model-ema-opt.pth, ema-expected.pth"
    })
    void wrappedWeightsAreThoseOfTheBareFile(String wrapped, String bare) throws IOException {
        assertArrayEquals(weights(bare), weights(wrapped));
        assertFalse(java.util.Arrays.equals(weights("expected.pth"), weights("ema-expected.pth")));
    }

    @Test
    void theChoiceOfWeightsIsSaid() throws IOException {
        try (TorchStateDict state = TorchStateDict.open(WRAPPED.resolve("model-ema-opt.pth"))) {
            String choice = state.choice().orElseThrow();
            assertTrue(choice.startsWith("took its entry averaged weights, ema; left out: "), choice);
            assertTrue(choice.contains("model") && choice.contains("opt"), choice);
        }
        try (TorchStateDict state = TorchStateDict.open(WRAPPED.resolve("expected.pth"))) {
            assertTrue(state.choice().isEmpty());
        }
    }

    @Test
    void prefixesAreTakenOffInSafetensorsToo() throws IOException {
        Map<String, INDArray> prefixed = new LinkedHashMap<>();
        try (SafeTensors base = SafeTensors.open(WRAPPED.resolve("base.safetensors"))) {
            for (String name : base.tensors().keySet()) {
                prefixed.put("module._orig_mod." + name, base.read(name));
            }
        }
        Path file = folder.resolve("prefixed.safetensors");
        SafeTensors.write(file, prefixed, Map.of());
        assertArrayEquals(
                weights(SafeTensors.open(WRAPPED.resolve("base.safetensors"))), weights(SafeTensors.open(file)));
    }

    @Test
    void anOptimizersFileIsCalledOne() {
        IOException e = assertThrows(IOException.class, () -> TorchStateDict.open(WRAPPED.resolve("opt000100.pth")));
        assertTrue(e.getMessage().contains("this is an optimizer's file"), e.getMessage());
    }

    @Test
    void namesAreStrippedAsFarAsAllOfThemAreWrapped() throws IOException {
        Path file = Path.of("f.pth");
        assertEquals(
                Map.of("a.b", "module.module.a._orig_mod.b"),
                SavedNames.byOwnName(file, Set.of("module.module.a._orig_mod.b")));
        assertEquals(Map.of("a", "module.a"), SavedNames.byOwnName(file, Set.of("module.a", "n_averaged")));
        assertEquals(Map.of("module.a", "module.a", "b", "b"), SavedNames.byOwnName(file, Set.of("module.a", "b")));
        assertEquals(Map.of(), SavedNames.byOwnName(file, Set.of()));
        assertThrows(IOException.class, () -> SavedNames.byOwnName(file, Set.of("_orig_mod.a", "a")));
    }

    @Test
    void nestedAndSingleDictionariesAreFound() throws IOException {
        Map<String, TorchTensor> inner = Map.of("w", tensor(3));
        assertTrue(choice(inner).isEmpty());
        assertEquals("took its entry G", choice(Map.of("G", inner)).orElseThrow());
        assertEquals(
                "took its entry state_dict / model",
                choice(Map.of("state_dict", Map.of("model", inner))).orElseThrow());
        assertEquals(
                "took its entry G; left out: epoch",
                choice(Map.of("G", inner, "epoch", 3)).orElseThrow());
    }

    @Test
    void whatIsNotClearIsRefused() throws IOException {
        Map<String, TorchTensor> inner = Map.of("w", tensor(3));
        assertTrue(refusal(Map.of("G", inner, "D", inner)).contains("several dictionaries of tensors"));
        assertTrue(refusal(Map.of("w", tensor(3), "epoch", 3)).startsWith("its entry epoch is not a tensor"));
        assertTrue(refusal(Map.of("x".repeat(2000), tensor(3))).contains("more than 1000 characters"));
        assertEquals("it does not hold a dictionary", refusal(List.of()));
    }

    @Test
    void dictionariesThatHoldThemselvesEnd() throws IOException {
        Map<String, Object> self = new LinkedHashMap<>();
        for (String key : List.of("ema", "model", "state_dict", "net", "other")) {
            self.put(key, self);
        }
        assertTrue(refusal(self).startsWith("its entry ema is not a tensor"));
    }
}

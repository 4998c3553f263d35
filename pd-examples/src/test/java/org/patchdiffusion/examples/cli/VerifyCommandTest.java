package org.patchdiffusion.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.io.Npz;

class VerifyCommandTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");

    @TempDir
    Path folder;

    @Test
    void theReferenceCasesPass() {
        Outcome outcome = Outcome.of("verify", GOLDEN);
        assertEquals("{\"passed\":5,\"failed\":0,\"unknown\":0}", outcome.lastLine(), outcome.err());
        assertEquals(0, outcome.code());
        assertEquals(1, outcome.out().lines().count());
        for (String engine : List.of("samediff", "generic", "exact", "fast")) {
            assertTrue(outcome.err().contains(engine + ": D at quarter size"), outcome.err());
        }
        assertTrue(outcome.err().contains("fast: gradient, worst is model."), outcome.err());
    }

    @Test
    void aWrongNumberAnywhereFails() throws IOException {
        tamper("patches", "patch8.pos");
        tamper("augment", "aniso.out");
        tamper("loss-sigma", "ve.weight");
        tamper("precond", "edm.c_out");
        tamper("unet-ddpmpp", "grad.model.dec.8x8_in1.norm0.bias");
        Outcome outcome = Outcome.of("verify", folder, "--engine", "exact");
        assertEquals("{\"passed\":0,\"failed\":5,\"unknown\":0}", outcome.lastLine(), outcome.err());
        assertEquals(1, outcome.code());
        List<String> failures =
                outcome.err().lines().filter(l -> l.startsWith("  FAIL")).toList();
        assertEquals(5, failures.size(), outcome.err());
        assertTrue(failures.get(4).contains("worst is model.dec.8x8_in1.norm0.bias"), failures.get(4));
    }

    @Test
    void casesAreRecognisedByWhatTheyHold() throws IOException {
        copy("precond", "other-coefficients");
        copy("patches", "crops");
        copy("augment", "changes");
        Outcome outcome = Outcome.of("verify", folder);
        assertEquals("{\"passed\":3,\"failed\":0,\"unknown\":0}", outcome.lastLine(), outcome.err());
    }

    @Test
    void samplersAreHeldToTheReferenceInFloat64() throws IOException {
        Path shared = Path.of("../pd-eval/src/test/resources/golden");
        Files.copy(shared.resolve("samplers-multistep.json"), folder.resolve("samplers-multistep.json"));
        Map<String, INDArray> arrays = new LinkedHashMap<>(Npz.read(shared.resolve("samplers-multistep.npz")));
        Npz.write(folder.resolve("samplers-multistep.npz"), arrays);
        Outcome whole = Outcome.of("verify", folder, "--engine", "generic");
        assertEquals("{\"passed\":1,\"failed\":0,\"unknown\":0}", whole.lastLine(), whole.err());
        assertEquals(
                3 + 2 * 39,
                whole.err().lines().filter(l -> l.startsWith("  ok")).count());
        arrays.put("out.lms.karras", arrays.get("out.lms.karras").mul(1 + 3e-6));
        Npz.write(folder.resolve("samplers-multistep.npz"), arrays);
        Outcome changed = Outcome.of("verify", folder, "--engine", "generic");
        assertEquals(
                1, changed.err().lines().filter(l -> l.startsWith("  FAIL")).count(), changed.err());
    }

    @Test
    void preparedImagesMayBeOneLevelOffAndNoMore() throws IOException {
        Path shared = Path.of("../pd-data/src/test/resources/golden");
        Files.copy(shared.resolve("image-prep.json"), folder.resolve("image-prep.json"));
        for (int levels : new int[] {1, 2}) {
            Map<String, INDArray> arrays = new LinkedHashMap<>(Npz.read(shared.resolve("image-prep.npz")));
            INDArray image = arrays.get("out.1.stretch.40x24").dup('c');
            INDArray flat = image.reshape(image.length());
            flat.putScalar(3, flat.getInt(3) > 127 ? flat.getInt(3) - levels : flat.getInt(3) + levels);
            arrays.put("out.1.stretch.40x24", image);
            Npz.write(folder.resolve("image-prep.npz"), arrays);
            Outcome outcome = Outcome.of("verify", folder);
            assertEquals(levels == 1 ? 0 : 1, outcome.code(), outcome.err());
            assertEquals(
                    levels == 1 ? 0 : 1,
                    outcome.err().lines().filter(l -> l.startsWith("  FAIL")).count());
        }
    }

    @Test
    void whatIsNotKnownYetIsNamedAndDoesNotFail() throws IOException {
        copy("patches", "patches");
        Npz.write(folder.resolve("mystery.npz"), Map.of("a", Nd4j.createFromArray(1f, 2f)));
        Files.writeString(folder.resolve("mystery.json"), "{}");
        Outcome outcome = Outcome.of("verify", folder);
        assertEquals("{\"passed\":1,\"failed\":0,\"unknown\":1}", outcome.lastLine(), outcome.err());
        assertEquals(0, outcome.code());
        assertTrue(outcome.err().contains("unknown  mystery"), outcome.err());
    }

    @Test
    void brokenAndMissingFilesFailTheirCase() throws IOException {
        copy("patches", "patches");
        byte[] whole = Files.readAllBytes(GOLDEN.resolve("precond.npz"));
        Files.write(folder.resolve("precond.npz"), java.util.Arrays.copyOf(whole, whole.length / 2));
        Files.writeString(folder.resolve("precond.json"), "{}");
        Files.copy(GOLDEN.resolve("loss-sigma.npz"), folder.resolve("loss-sigma.npz"));
        Files.writeString(folder.resolve("unet-x.json"), "{\"network\": {");
        Files.copy(GOLDEN.resolve("patches.npz"), folder.resolve("unet-x.npz"));
        Files.writeString(folder.resolve("samplers.json"), "{}");
        Files.writeString(folder.resolve("broken.pth"), "no state dict");
        Outcome outcome = Outcome.of("verify", folder);
        assertEquals("{\"passed\":1,\"failed\":5,\"unknown\":0}", outcome.lastLine(), outcome.err());
        assertEquals(1, outcome.code());
        for (String remark : List.of(
                "failed   precond: ",
                "failed   loss-sigma: " + folder.resolve("loss-sigma.json") + " is missing",
                "failed   samplers: " + folder.resolve("samplers.npz") + " is missing",
                "failed   unet-x: " + folder.resolve("unet-x.json") + " is not valid JSON",
                "failed   broken.pth: ")) {
            assertTrue(outcome.err().contains(remark), remark + " in " + outcome.err());
        }
    }

    @Test
    void aFolderWithoutCasesIsAFailure() {
        Outcome outcome = Outcome.of("verify", folder);
        assertEquals(1, outcome.code());
        assertTrue(outcome.error().contains("holds no reference cases"), outcome.error());
        assertEquals(1, Outcome.of("verify", folder.resolve("missing")).code());
    }

    private void copy(String from, String to) throws IOException {
        for (String suffix : List.of(".npz", ".json")) {
            Files.copy(GOLDEN.resolve(from + suffix), folder.resolve(to + suffix));
        }
    }

    /** Copies a case with one element of an array changed by a thousandth of the array's largest. */
    private void tamper(String name, String key) throws IOException {
        Files.copy(GOLDEN.resolve(name + ".json"), folder.resolve(name + ".json"));
        Map<String, INDArray> arrays = new LinkedHashMap<>(Npz.read(GOLDEN.resolve(name + ".npz")));
        INDArray changed = arrays.get(key).dup('c');
        INDArray flat = changed.reshape(changed.length());
        flat.putScalar(3, flat.getDouble(3) + 1e-3 * flat.amaxNumber().doubleValue());
        arrays.put(key, changed);
        Npz.write(folder.resolve(name + ".npz"), arrays);
    }
}

package org.patchdiffusion.examples.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.io.ModelFile;
import org.patchdiffusion.model.io.OfficialLayout;
import org.patchdiffusion.model.io.SafeTensors;

/** What works with the models that training leaves. */
class ModelCommandsTest {

    @TempDir
    Path folder;

    private TinyRuns runs;

    @BeforeEach
    void begin() {
        runs = new TinyRuns(folder.resolve("runs"));
    }

    @Test
    void aSeedGivesTheSameImageWhateverTheBatch() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 4, 16, 16);
        Pictures.labels(data, 4, 2);
        assertEquals(0, runs.train(data, "--cond", "1", "--samples", 0).code());
        Path model = TinyRuns.file(runs.folders().get(0), "model-.*");
        Path grid = folder.resolve("grid.png");
        Path a = folder.resolve("a");
        Path b = folder.resolve("b");
        Outcome all = Outcome.of(
                "generate",
                "--network",
                model,
                "--seeds",
                "0-10",
                "--steps",
                3,
                "--outdir",
                a,
                "--batch",
                11,
                "--grid",
                grid);
        assertEquals(0, all.code(), all.err());
        assertEquals(4 * 18 + 2, ImageIO.read(grid.toFile()).getWidth());
        Outcome some =
                Outcome.of("generate", "--network", model, "--seeds", "9,3", "--steps", 3, "--outdir", b, "--batch", 1);
        assertEquals(0, some.code(), some.err());
        for (String name : List.of("seed000003.png", "seed000009.png")) {
            assertArrayEquals(Files.readAllBytes(a.resolve(name)), Files.readAllBytes(b.resolve(name)), name);
        }
        assertFalse(Arrays.equals(
                Files.readAllBytes(a.resolve("seed000003.png")), Files.readAllBytes(a.resolve("seed000009.png"))));
        assertEquals(
                2,
                Outcome.of("generate", "--network", model, "--grid", grid, "--class", 2)
                        .code());
    }

    @Test
    void convertKeepsTheWeights() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 4, 16, 16);
        assertEquals(0, runs.train(data, "--samples", 0).code());
        Path model = TinyRuns.file(runs.folders().get(0), "model-.*");
        Path state = folder.resolve("m.pth");
        Path back = folder.resolve("m.safetensors");
        assertEquals(0, Outcome.of("convert", model, state).code());
        assertEquals(0, Outcome.of("convert", state, back, "--config", model).code());
        DiffusionModel want = ModelFile.read(model);
        DiffusionModel got = ModelFile.read(back);
        assertEquals(want.config(), got.config());
        assertTrue(want.parameters().flat().equalsWithEps(got.parameters().flat(), 0));
        assertTrue(Outcome.of("convert", state, back).error().contains("has no configuration"));
        Path bare = folder.resolve("bare.safetensors");
        SafeTensors.write(bare, OfficialLayout.tensors(want.config(), want.parameters()), Map.of());
        assertTrue(Outcome.of("convert", bare, back).error().contains("convert --config"));
        Files.delete(back);
        assertEquals(0, Outcome.of("convert", bare, back, "--config", model).code());
        assertTrue(want.parameters()
                .flat()
                .equalsWithEps(ModelFile.read(back).parameters().flat(), 0));
        for (Path source : List.of(folder.resolve("a.pkl"), model)) {
            Outcome lent = Outcome.of("convert", source, back, "--config", model);
            assertEquals(2, lent.code());
            assertTrue(lent.error().contains("has a configuration of its own"), lent.error());
        }
        Outcome odd = Outcome.of("convert", model, folder.resolve("m.fb"), "--resolution", "33x33");
        assertEquals(2, odd.code());
        assertTrue(
                odd.error().contains("--resolution 33x33: height 33 does not fit a network of 2 levels"), odd.error());
        assertEquals(0, runs.train(data, "--samples", 0, "--dry-run").code());
        assertEquals(1, runs.folders().size(), "a dry run makes no directory");
    }

    @Test
    void aModelFileCutShortIsRefused() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 3, 16, 16);
        assertEquals(0, runs.train(data, "--samples", 0).code());
        byte[] whole = Files.readAllBytes(TinyRuns.file(runs.folders().get(0), "model-.*"));
        Path cut = folder.resolve("cut.safetensors");
        Files.write(cut, Arrays.copyOf(whole, whole.length - 100));
        Path grid = folder.resolve("grid.png");
        Outcome outcome = Outcome.of("generate", "--network", cut, "--grid", grid);
        assertEquals(1, outcome.code());
        assertTrue(outcome.error().contains(cut.toString()), outcome.error());
        assertFalse(Files.exists(grid));
        assertEquals(
                1,
                Outcome.of("generate", "--network", folder.resolve("x.safetensors"), "--grid", grid)
                        .code());
    }

    @Test
    void aRunDirectoryStandsForItsNewestModel() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 4, 16, 16);
        assertEquals(0, runs.train(data, "--samples", 0).code());
        Path run = runs.folders().get(0);
        Path newest = TinyRuns.file(run, "model-.*");
        Files.copy(newest, run.resolve("model-000000001.safetensors"));
        Files.writeString(run.resolve("model-000000000.safetensors"), "older, and damaged");
        Path out = folder.resolve("out");
        Outcome drawn =
                Outcome.of("generate", "--network", run, "--seeds", "1001", "--steps", 2, "--outdir", out, "--subdirs");
        assertEquals(0, drawn.code(), drawn.err());
        assertTrue(drawn.err().contains("network: " + run.resolve("model-000000001.safetensors")), drawn.err());
        assertTrue(Files.exists(out.resolve("001000/seed001001.png")));
        assertEquals(0, runs.train(data, "--transfer", run, "--dry-run").code());
        Outcome none = Outcome.of("generate", "--network", data, "--grid", folder.resolve("g.png"));
        assertEquals(1, none.code());
        assertTrue(none.error().contains("holds no model-NUMBER.safetensors"), none.error());
    }
}

package org.patchdiffusion.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training with the options that a run has, on tiny networks. */
class TrainCommandTest {

    @TempDir
    Path folder;

    private TinyRuns runs;

    @BeforeEach
    void begin() {
        runs = new TinyRuns(folder.resolve("runs"));
    }

    @Test
    void aRunLeavesEverythingInItsDirectoryAndGoesOn() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 6, 16, 16);
        Outcome outcome = runs.train(data, "--samples", 4);
        assertEquals(0, outcome.code(), outcome.err());
        assertTrue(outcome.err().contains("\"learning_rate\" : 0.002"), outcome.err());
        assertTrue(outcome.err().contains("training ended (duration)"), outcome.err());
        Path run = runs.folders().get(0);
        assertEquals("00000-data-uncond-ddpmpp-edm-batch2", run.getFileName().toString());
        Path model = TinyRuns.file(run, "model-\\d+\\.safetensors");
        assertEquals(
                2 * 18 + 2,
                ImageIO.read(TinyRuns.file(run, "samples-\\d+\\.png").toFile()).getWidth());
        String page = Files.readString(run.resolve("report.html"));
        assertTrue(page.contains("6 images of 16x16") && page.contains("data:image/png;base64,"), page);

        Outcome info = Outcome.of("info", model);
        assertEquals(0, info.code(), info.err());
        assertTrue(info.out().contains("model of this toolkit"), info.out());
        assertTrue(Outcome.of("info", run).out().contains("\"fingerprint\""));
        assertTrue(Outcome.of("info", data).out().contains("data set of 6 images of 16x16"));

        Outcome resumed = Outcome.of(
                "train",
                "--data",
                data,
                "--outdir",
                folder.resolve("runs"),
                "--resume",
                run,
                "--duration",
                4e-5,
                "--samples",
                0);
        assertEquals(0, resumed.code(), resumed.err());
        assertTrue(Files.readString(runs.folders().get(1).resolve("log.txt")).contains("going on at 2"));
    }

    @Test
    void augmentationTrainsANetworkThatIsToldOfIt() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 4, 16, 16);
        Outcome outcome = runs.train(data, "--samples", 0, "--augment", 0.12, "--augment-at", "image");
        assertEquals(0, outcome.code(), outcome.err());
        String written = Files.readString(runs.folders().get(0).resolve("training_options.json"));
        assertTrue(written.contains("\"probability\" : 0.12") && written.contains("\"at\" : \"IMAGE\""), written);
        assertTrue(outcome.err().replace("_", "").contains("\"augmentDim\" : 9"), outcome.err());
        Outcome without = runs.train(data, "--samples", 0, "--augment=0", "--dry-run");
        assertEquals(0, without.code(), without.err());
        assertTrue(without.err().replace("_", "").contains("\"augmentDim\" : 0"), without.err());

        Path model = TinyRuns.file(runs.folders().get(0), "model-.*");
        Outcome untold = Outcome.of(
                "train", "--data", data, "--outdir", folder.resolve("runs"), "--transfer", model, "--augment", 2);
        assertEquals(2, untold.code());
        assertTrue(untold.error().contains("--augment P: it is 2, expected a number from 0 to 1"), untold.error());
    }

    @Test
    void patchSizesPartsAndPlacesAreOptions() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 9, 16, 16);
        Pictures.labels(data, 9, 2);
        Object[] part = {"--classes", "0", "--hold-out-every", 2, "--cache", "disk", "--samples", 0};
        List<Object> options = new ArrayList<>(List.of(part));
        options.addAll(List.of("--patch-sizes", "1/2:0.5,12:0.25,1:0.25", "--progressive"));
        Outcome outcome = runs.train(data, options.toArray());
        assertEquals(0, outcome.code(), outcome.err());
        assertTrue(outcome.err().contains(", 3 images of 16x16, in the cache "), outcome.err());
        assertTrue(outcome.err().contains("note: the labels of " + data + " are not used"), outcome.err());
        String written = Files.readString(runs.folders().get(0).resolve("training_options.json"));
        assertTrue(written.contains("\"sizes\" : \"1/2:0.5,12:0.25,1:0.25\""), written);
        assertTrue(written.contains("\"progressive_kimg\" : 0.02"), written);
        String page = Files.readString(runs.folders().get(0).resolve("report.html"));
        assertTrue(page.contains("1/2: 50.0%, 12 pixels: 25.0%, 1: 25.0% of the images, from small to large"), page);

        List<Object> resume = new ArrayList<>(List.of(
                "train",
                "--data",
                data,
                "--outdir",
                folder.resolve("runs"),
                "--resume",
                runs.folders().get(0)));
        resume.addAll(List.of("--duration", 4e-5, "--samples", 0, "--cache", "none"));
        List<Object> others = new ArrayList<>(resume);
        others.addAll(List.of("--classes", "1"));
        Outcome refused = Outcome.of(others.toArray());
        assertEquals(1, refused.code());
        assertTrue(refused.error().contains("or another part of it"), refused.error());
        Outcome resumed = Outcome.of(resume.toArray());
        assertEquals(0, resumed.code(), resumed.err());
        written = Files.readString(runs.folders().get(1).resolve("training_options.json"));
        assertTrue(written.contains("\"progressive_kimg\" : 0.02"), written);
        assertTrue(written.contains("\"duration_kimg\" : 0.04"), written);
    }

    @Test
    void sizesBeyondThePaperWorkOnRequest() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 3, 24, 16);
        Outcome outcome = runs.train(data, "--any-size", "--dry-run");
        assertEquals(0, outcome.code(), outcome.err());
    }

    @Test
    void aRunIsNamedOrIsTheFolderItself() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 4, 16, 16);
        assertEquals(0, runs.train(data, "--samples", 0, "--desc", "first try").code());
        assertEquals(
                "00000-data-uncond-ddpmpp-edm-batch2-first_try",
                runs.folders().get(0).getFileName().toString());
        assertEquals(2, runs.train(data, "--nosubdir", "--desc", "again").code());
        Outcome full = runs.train(data, "--nosubdir", "--samples", 0);
        assertEquals(1, full.code());
        assertTrue(
                full.error().contains("the run directory " + folder.resolve("runs") + " is not empty"), full.error());
        Path own = folder.resolve("own");
        Outcome alone = Outcome.of(
                "train",
                "--data",
                data,
                "--outdir",
                own,
                "--nosubdir",
                "--transfer",
                runs.folders().get(0),
                "--samples",
                0,
                "--batch",
                2,
                "--duration",
                2e-5,
                "--tick",
                0.01);
        assertEquals(0, alone.code(), alone.err());
        assertTrue(Files.exists(own.resolve("training_options.json")));
    }
}

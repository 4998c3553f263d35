package org.patchdiffusion.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What training refuses before it makes a folder. */
class TrainRefusalTest {

    @TempDir
    Path folder;

    private TinyRuns runs;

    @BeforeEach
    void begin() {
        runs = new TinyRuns(folder.resolve("runs"));
    }

    @Test
    void patchSizesThatAreNoneAreWrongUsage() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 3, 16, 16);
        for (String sizes : List.of("1/2", "1/2:0.4,1:0.4", "x:1", "1/4:0.5,1/4:0.5")) {
            Outcome outcome = runs.train(data, "--patch-sizes", sizes);
            assertEquals(2, outcome.code());
            assertTrue(outcome.error().contains("--patch-sizes SIZE:P,...: patch sizes: "), outcome.error());
        }
        assertEquals(
                2, runs.train(data, "--patch-sizes", "1:1", "--real-p", 0.5).code());
        assertEquals(2, runs.train(data, "--cache", "here").code());
        assertEquals(2, runs.train(data, "--hold-out-every", 1).code());
        assertRefused(runs.train(data, "--patch-sizes", "32:1"), "patch size 32 pixels does not fit images of 16x16");
        assertRefused(
                runs.train(data, "--patch-sizes", "1/3:1", "--dry-run"),
                "patch size 1/3 (5 pixels of the shorter side) does not fit images of 16x16");
        assertRefused(runs.train(data, "--classes", 1), "has no labels to filter by class");
    }

    @Test
    void wordsThatAreNoneAreAnsweredWithThoseThatAre() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 3, 16, 16);
        for (String option : List.of("--augment", "--real-p", "--label-dropout")) {
            for (String value : List.of("x", "1.5", "NaN")) {
                Outcome outcome = runs.train(data, option, value);
                assertEquals(2, outcome.code());
                String problem = value.equals("x") ? "\"x\" is no number; " : "it is " + value + ", ";
                assertTrue(
                        outcome.error().contains(option + " P: " + problem + "expected a number from 0 to 1"),
                        outcome.error());
            }
        }
        Outcome place = runs.train(data, "--augment", 0.1, "--augment-at", "Sky");
        assertEquals(2, place.code());
        assertTrue(place.error().contains("\"Sky\" is unknown: expected one of patch, image"), place.error());
        assertTrue(runs.train(data, "--arch", "vgg").error().contains("expected one of ddpmpp, ncsnpp, adm"));
    }

    @Test
    void infoTellsOfABrokenLabelFile() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 3, 16, 16);
        Files.writeString(data.resolve("dataset.json"), "{\"labels\": [[\"image0.png\"");
        Outcome info = Outcome.of("info", data);
        assertEquals(1, info.code());
        assertTrue(info.error().endsWith("dataset.json is not valid JSON in line 1 (it ends too early)"), info.error());
        Files.writeString(data.resolve("dataset.json"), "{\n\"labels\": maybe}");
        String error = Outcome.of("info", data).error();
        assertTrue(error.contains("dataset.json is not valid JSON in line 2 (Unrecognized token 'maybe'"), error);
    }

    @Test
    void badDataIsRefusedBeforeAnyWork() throws IOException {
        Path missing = folder.resolve("missing.zip");
        assertRefused(runs.train(missing), missing + ": there is no such file or folder");
        Path empty = Files.createDirectory(folder.resolve("empty"));
        assertRefused(runs.train(empty), empty.toString());
        Path mixed = Pictures.folder(folder.resolve("mixed"), 3, 16, 16);
        Pictures.write(mixed.resolve("other.png"), 16, 8, 1);
        assertRefused(runs.train(mixed), "other.png is 16x8");
        Path corrupt = Pictures.folder(folder.resolve("corrupt"), 3, 16, 16);
        byte[] whole = Files.readAllBytes(corrupt.resolve("image1.png"));
        Files.write(corrupt.resolve("image1.png"), Arrays.copyOf(whole, whole.length / 2));
        assertRefused(runs.train(corrupt), "image1.png");
        Path odd = Pictures.folder(folder.resolve("odd"), 3, 24, 24);
        assertRefused(runs.train(odd), "images are 24x24, expected sides that are powers of two");
        Path small = Pictures.folder(folder.resolve("small"), 3, 4, 4);
        assertRefused(runs.train(small), "patch size 1/4 (1 pixel of the shorter side) does not fit images of 4x4");
        Path unlabelled = Pictures.folder(folder.resolve("unlabelled"), 3, 16, 16);
        assertRefused(runs.train(unlabelled, "--cond", "1"), "label");
    }

    @Test
    void anOutputFolderThatIsAFileIsRefused() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 3, 16, 16);
        Files.writeString(folder.resolve("runs"), "in the way");
        Outcome outcome = runs.train(data);
        assertEquals(1, outcome.code());
        assertTrue(outcome.error().contains("--outdir " + folder.resolve("runs")), outcome.error());
        assertEquals("in the way", Files.readString(folder.resolve("runs")));
    }

    @Test
    void aPortThatIsTakenLeavesNothing() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 3, 16, 16);
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int port = taken.getLocalPort();
            assertRefused(runs.train(data, "--ui", port), "--ui " + port + ": the training UI cannot listen to port");
        }
    }

    @Test
    void aDryRunRefusesWhatARunRefuses() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 3, 16, 16);
        assertRefused(
                runs.train(data, "--dry-run", "--patch-sizes", "32:1"),
                "patch size 32 pixels does not fit images of 16x16");
    }

    @Test
    void sizesAreHeldAgainstTheLevelsThatWereAskedFor() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 3, 15, 15);
        Object[] plain = {"--any-size", "--real-p", 1, "--dry-run"};
        Outcome two = runs.train(data, plain);
        assertEquals(2, two.code());
        assertTrue(two.error().contains("does not fit a network of 2 levels"), two.error());
        assertEquals(
                0,
                Outcome.of("train", "--data", data, "--outdir", folder, "--cres", 1, "--any-size", "--real-p", 1, "-n")
                        .code());
    }

    private void assertRefused(Outcome outcome, String message) throws IOException {
        assertEquals(1, outcome.code(), outcome.err());
        assertTrue(outcome.error().contains(message), outcome.error());
        assertEquals("", outcome.out());
        assertEquals(List.of(), runs.folders(), "nothing half-written");
    }
}

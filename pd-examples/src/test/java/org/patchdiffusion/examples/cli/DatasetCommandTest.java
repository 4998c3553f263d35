package org.patchdiffusion.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Conversion from the command line. */
class DatasetCommandTest {

    @TempDir
    Path folder;

    private Path source;

    @BeforeEach
    void twoFoldersOfPicturesAndOtherFiles() throws IOException {
        source = folder.resolve("pets");
        Files.createDirectories(source);
        Pictures.folder(source.resolve("cat"), 3, 20, 16);
        Pictures.folder(source.resolve("dog"), 2, 16, 20);
        Files.writeString(source.resolve("dog/notes.txt"), "woof");
        Files.writeString(source.resolve("Thumbs.db"), "");
    }

    private Outcome convert(Object... more) {
        Object[] arguments = new Object[more.length + 3];
        System.arraycopy(new Object[] {"dataset", "--source", source}, 0, arguments, 0, 3);
        System.arraycopy(more, 0, arguments, 3, more.length);
        return Outcome.of(arguments);
    }

    @Test
    void classFoldersBecomeADataSetWithNamedClassesAndASummary() {
        for (String name : List.of("out.zip", "out")) {
            Path target = folder.resolve(name);
            Outcome outcome = convert("--dest", target, "--resolution", 8, "--transform", "Center-CROP");
            assertEquals(0, outcome.code(), outcome.err());
            assertTrue(
                    outcome.err().contains("wrote " + target + ": 5 images of 8x8 with labels (2 classes)"),
                    outcome.err());
            assertTrue(outcome.err().contains("left out 1 file that is no image (.txt 1)"), outcome.err());
            assertTrue(outcome.err().contains("passed over 1 hidden or system file\n"), outcome.err());
            assertEquals(name.equals("out"), Files.isDirectory(target));
            String info = Outcome.of("info", target).out();
            assertTrue(info.contains("class 0 (cat): 3 images") && info.contains("class 1 (dog): 2 images"), info);
        }
    }

    @Test
    void badImagesAreNamedOrSkipped() throws IOException {
        Files.writeString(source.resolve("cat/bad.webp"), "no picture");
        Path target = folder.resolve("out.zip");
        Outcome refused = convert("--dest", target, "--resolution", "8x8", "--transform", "fit");
        assertEquals(1, refused.code());
        assertTrue(refused.error().contains("image cat/bad.webp is not an image of the formats"), refused.error());
        assertFalse(Files.exists(target));
        Outcome skipped = convert("--dest", target, "--resolution", "8x8", "--transform", "fit", "--skip-bad-images");
        assertEquals(0, skipped.code(), skipped.err());
        assertTrue(skipped.err().contains("skipped 1 image in all"), skipped.err());
    }

    @Test
    void wrongOptionsAreWrongUsage() {
        Path target = folder.resolve("out.zip");
        for (List<String> wrong : List.of(
                List.of("--classes", "-1"),
                List.of("--transform", "crop"),
                List.of("--filter", "box"),
                List.of("--channels", "5"),
                List.of("--background", "white"),
                List.of("--max-images", "0"),
                List.of("--resolution", "0x8"),
                List.of("--transform", "fit"))) {
            Outcome outcome = convert("--dest", target, wrong.get(0), wrong.get(1));
            assertEquals(2, outcome.code(), wrong + ": " + outcome.err());
            assertTrue(outcome.error().contains(wrong.get(0)), outcome.error());
        }
        String error = convert("--dest", target, "--filter", "box").error();
        assertTrue(error.contains("\"box\" is unknown: expected one of lanczos, area"), error);
        assertFalse(Files.exists(target));
    }

    @Test
    void singleFilesAreToldFromDataSets() throws IOException {
        Path text = Files.writeString(folder.resolve("notes.txt"), "woof");
        Path picture = folder.resolve("one.png");
        Pictures.write(picture, 8, 8, 1);
        for (String command : List.of("train", "dataset", "info")) {
            for (Path path : List.of(text, picture)) {
                Outcome outcome =
                        switch (command) {
                            case "train" -> Outcome.of(command, "--data", path, "--outdir", folder.resolve("runs"));
                            case "dataset" -> Outcome.of(command, "--source", path, "--dest", folder.resolve("o.zip"));
                            default -> Outcome.of(command, path);
                        };
                assertEquals(1, outcome.code());
                String want = path.equals(picture)
                        ? picture + " is a single image; give the folder that it lies in, or a zip"
                        : text + " is not a zip file; expected a folder or a zip of PNG, JPEG, WebP, GIF, BMP or TIFF"
                                + " images, cifar-10-python.tar.gz, an idx file of MNIST, or the folder of an LSUN lmdb";
                assertEquals("pd: error: " + want, outcome.error());
            }
        }
    }

    @Test
    void whatADataSetHoldsBesideItsImagesIsTold() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 3, 16, 16);
        Files.writeString(data.resolve("notes.txt"), "woof");
        Files.writeString(data.resolve(".DS_Store"), "");
        List<Outcome> outcomes = List.of(
                Outcome.of("train", "--data", data, "--outdir", folder.resolve("runs"), "--dry-run"),
                Outcome.of("dataset", "stats", "--data", data),
                Outcome.of("info", data));
        for (Outcome outcome : outcomes) {
            String text = outcome.out() + outcome.err();
            assertEquals(0, outcome.code(), text);
            assertTrue(text.contains("left out 1 file that is no image (.txt 1)\n"), text);
            assertTrue(text.contains("passed over 1 hidden or system file\n"), text);
        }
    }

    @Test
    void oneOfAKindIsTold() throws IOException {
        Path one = Pictures.folder(folder.resolve("one/only"), 1, 8, 8).getParent();
        Path target = folder.resolve("one.zip");
        Outcome outcome = Outcome.of("dataset", "--source", one, "--dest", target, "--channels", 1);
        assertTrue(
                outcome.err().contains("wrote " + target + ": 1 image of 8x8 with 1 channel without labels"),
                outcome.err());
        assertTrue(Outcome.of("info", target).out().contains("data set of 1 image of 8x8 with 1 channel, no labels"));
    }

    @Test
    void theSourceIsNotOverwritten() throws IOException {
        Path target = folder.resolve("out.zip");
        assertEquals(
                0,
                convert("--dest", target, "--resolution", 8, "--transform", "stretch")
                        .code());
        Outcome again = Outcome.of("dataset", "--source", target, "--dest", target);
        assertEquals(1, again.code());
        assertTrue(again.error().contains("is the source itself or lies in it"), again.error());
        Path link = Files.createSymbolicLink(folder.resolve("link"), source);
        Path zipLink = Files.createSymbolicLink(folder.resolve("link.zip"), target);
        for (Path within : List.of(
                source.resolve("out"),
                source.resolve("out.zip"),
                link.resolve("cat/out.zip"),
                link.resolve("new/out"))) {
            Outcome outcome = convert("--dest", within, "--resolution", 8, "--transform", "stretch");
            assertEquals(1, outcome.code());
            assertTrue(outcome.error().contains(within + ": is the source itself or lies in it"), outcome.error());
            assertFalse(Files.exists(within));
        }
        assertEquals(
                1, Outcome.of("dataset", "--source", link, "--dest", source).code());
        assertEquals(
                1, Outcome.of("dataset", "--source", zipLink, "--dest", target).code());
    }

    @Test
    void trainingOnMixedSizesAdvisesAPowerOfTwo() {
        Outcome outcome = Outcome.of("train", "--data", source, "--outdir", folder.resolve("runs"), "--dry-run");
        assertEquals(1, outcome.code());
        assertTrue(
                outcome.error().contains("--dest pets-16x16.zip --resolution 16x16 --transform center-crop"),
                outcome.error());
    }

    @Test
    void datasetConvertsForTraining() throws IOException {
        Path source = Pictures.folder(folder.resolve("photos"), 3, 20, 12);
        Path zip = folder.resolve("small.zip");
        Outcome outcome = Outcome.of(
                "dataset", "--source", source, "--dest", zip, "--resolution", "8x8", "--transform", "center-crop");
        assertEquals(0, outcome.code(), outcome.err());
        assertTrue(outcome.err().contains("3 images of 8x8 without labels"), outcome.err());
        assertTrue(Outcome.of("info", zip).out().contains("data set of 3 images of 8x8"));
    }
}

package org.patchdiffusion.examples.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.io.ModelFile;
import org.patchdiffusion.model.io.OfficialLayout;
import org.patchdiffusion.model.io.SafeTensors;

/** Training and what works with its results, on tiny networks. */
class TrainCommandTest {

    @TempDir
    Path folder;

    private Outcome train(Path data, Object... more) {
        List<Object> arguments = new ArrayList<>(List.of(
                "train",
                "--data",
                data,
                "--outdir",
                folder.resolve("runs"),
                "--cbase",
                8,
                "--cres",
                "1,1",
                "--blocks",
                1));
        arguments.addAll(List.of("--attn", "none", "--batch", 2, "--dropout", 0.1, "--duration", 2e-5, "--tick", 0.01));
        arguments.addAll(List.of(more));
        return Outcome.of(arguments.toArray());
    }

    private List<Path> runs() throws IOException {
        Path runs = folder.resolve("runs");
        if (!Files.exists(runs)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(runs)) {
            return files.sorted().toList();
        }
    }

    private static Path file(Path directory, String pattern) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(f -> f.getFileName().toString().matches(pattern))
                    .sorted()
                    .reduce((a, b) -> b)
                    .orElseThrow();
        }
    }

    @Test
    void aRunLeavesEverythingInItsDirectoryAndGoesOn() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 6, 16, 16);
        Outcome outcome = train(data, "--samples", 4);
        assertEquals(0, outcome.code(), outcome.err());
        assertTrue(outcome.err().contains("\"learning_rate\" : 0.002"), outcome.err());
        assertTrue(outcome.err().contains("training ended (duration)"), outcome.err());
        Path run = runs().get(0);
        assertEquals("00000-data-uncond-ddpmpp-edm-batch2", run.getFileName().toString());
        Path model = file(run, "model-\\d+\\.safetensors");
        assertEquals(
                2 * 18 + 2,
                ImageIO.read(file(run, "samples-\\d+\\.png").toFile()).getWidth());
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
        assertTrue(Files.readString(runs().get(1).resolve("log.txt")).contains("going on at 2"));
    }

    private static Outcome resume(Object... arguments) {
        List<Object> all = new ArrayList<>(List.of("train", "--resume"));
        all.addAll(List.of(arguments));
        return Outcome.of(all.toArray());
    }

    @Test
    void aRunGoesOnInItsOwnFolderOnItsOwnImages() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 9, 16, 16);
        Outcome first = train(data, "--samples", 0, "--hold-out-every", 3, "--engine", "generic");
        assertEquals(0, first.code(), first.err());
        Path run = runs().get(0);
        long lines = lines(run);

        Outcome finished = resume(run);
        assertEquals(0, finished.code(), finished.err());
        assertTrue(finished.err().contains("nothing left to train: " + run.toAbsolutePath()), finished.err());
        assertTrue(finished.err().contains("a larger --duration goes on"), finished.err());
        assertEquals(lines, lines(run));

        Outcome more = resume("--outdir", folder.resolve("runs"), "--duration", 4e-5, "--tick", 0.02, "--dry-run");
        assertEquals(0, more.code(), more.err());
        assertTrue(
                more.err().contains("output: " + run.toAbsolutePath() + ", going on from checkpoint-000000"),
                more.err());
        assertTrue(more.err().contains("6 images of 16x16"), more.err());
        assertTrue(more.err().contains("\"tick_kimg\" : 0.02"), more.err());
        assertTrue(more.err().contains("\"engine\" : \"generic\""), more.err());

        Outcome resumed = resume(run, "--duration", 4e-5);
        assertEquals(0, resumed.code(), resumed.err());
        assertEquals(List.of(run), runs());
        assertTrue(lines(run) > lines, "the statistics go on");
        String written = Files.readString(run.resolve("training_options.json"));
        assertTrue(written.contains("\"--data=" + data.toAbsolutePath() + "\""), written);
        assertTrue(written.contains("\"--hold-out-every=3\"") && written.contains("\"--duration\""), written);
    }

    private static long lines(Path run) throws IOException {
        try (Stream<String> lines = Files.lines(run.resolve("stats.jsonl"))) {
            return lines.count();
        }
    }

    @Test
    void aDamagedCheckpointIsPassedOverAloud() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 6, 16, 16);
        Outcome first = train(data, "--samples", 0, "--dump", 1);
        assertEquals(0, first.code(), first.err());
        Path run = runs().get(0).toAbsolutePath();
        Path newest = file(run, "checkpoint-.*");
        Files.writeString(newest.resolve("state.npz"), "damaged");
        Outcome resumed = resume(run, "--duration", 4e-5, "--dry-run");
        assertEquals(0, resumed.code(), resumed.err());
        assertTrue(
                resumed.err().contains("note: the checkpoint " + newest + " is damaged: state.npz has 7 bytes"),
                resumed.err());
        for (Path checkpoint = newest; checkpoint != null; checkpoint = any(run)) {
            Files.delete(checkpoint.resolve("state.npz"));
            Files.move(checkpoint, folder.resolve(checkpoint.getFileName()));
        }
        assertEquals(1, resume(run).code());
        assertTrue(resume(run).error().contains(run + " holds no checkpoint that is whole"));
        assertEquals(2, resume().code());
        assertEquals(1, resume("--outdir", folder.resolve("empty")).code());
    }

    private static Path any(Path run) throws IOException {
        try (Stream<Path> files = Files.list(run)) {
            return files.filter(f -> f.getFileName().toString().startsWith("checkpoint-"))
                    .findFirst()
                    .orElse(null);
        }
    }

    @Test
    void augmentationTrainsANetworkThatIsToldOfIt() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 4, 16, 16);
        Outcome outcome = train(data, "--samples", 0, "--augment", 0.12, "--augment-at", "image");
        assertEquals(0, outcome.code(), outcome.err());
        String written = Files.readString(runs().get(0).resolve("training_options.json"));
        assertTrue(written.contains("\"probability\" : 0.12") && written.contains("\"at\" : \"IMAGE\""), written);
        assertTrue(outcome.err().replace("_", "").contains("\"augmentDim\" : 9"), outcome.err());
        Outcome without = train(data, "--samples", 0, "--augment=0", "--dry-run");
        assertEquals(0, without.code(), without.err());
        assertTrue(without.err().replace("_", "").contains("\"augmentDim\" : 0"), without.err());

        Path model = file(runs().get(0), "model-.*");
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
        Outcome outcome = train(data, options.toArray());
        assertEquals(0, outcome.code(), outcome.err());
        assertTrue(outcome.err().contains(", 3 images of 16x16, in the cache "), outcome.err());
        assertTrue(outcome.err().contains("note: the labels of " + data + " are not used"), outcome.err());
        String written = Files.readString(runs().get(0).resolve("training_options.json"));
        assertTrue(written.contains("\"sizes\" : \"1/2:0.5,12:0.25,1:0.25\""), written);
        assertTrue(written.contains("\"progressive_kimg\" : 0.02"), written);
        String page = Files.readString(runs().get(0).resolve("report.html"));
        assertTrue(page.contains("1/2: 50.0%, 12 pixels: 25.0%, 1: 25.0% of the images, from small to large"), page);

        List<Object> resume = new ArrayList<>(
                List.of("train", "--data", data, "--outdir", folder.resolve("runs"), "--resume", runs().get(0)));
        resume.addAll(List.of("--duration", 4e-5, "--samples", 0, "--cache", "none"));
        List<Object> others = new ArrayList<>(resume);
        others.addAll(List.of("--classes", "1"));
        Outcome refused = Outcome.of(others.toArray());
        assertEquals(1, refused.code());
        assertTrue(refused.error().contains("or another part of it"), refused.error());
        Outcome resumed = Outcome.of(resume.toArray());
        assertEquals(0, resumed.code(), resumed.err());
        written = Files.readString(runs().get(1).resolve("training_options.json"));
        assertTrue(written.contains("\"progressive_kimg\" : 0.02"), written);
        assertTrue(written.contains("\"duration_kimg\" : 0.04"), written);
    }

    @Test
    void patchSizesThatAreNoneAreWrongUsage() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 3, 16, 16);
        for (String sizes : List.of("1/2", "1/2:0.4,1:0.4", "x:1", "1/4:0.5,1/4:0.5")) {
            Outcome outcome = train(data, "--patch-sizes", sizes);
            assertEquals(2, outcome.code());
            assertTrue(outcome.error().contains("--patch-sizes SIZE:P,...: patch sizes: "), outcome.error());
        }
        assertEquals(2, train(data, "--patch-sizes", "1:1", "--real-p", 0.5).code());
        assertEquals(2, train(data, "--cache", "here").code());
        assertEquals(2, train(data, "--hold-out-every", 1).code());
        assertRefused(train(data, "--patch-sizes", "32:1"), "patch size 32 pixels does not fit images of 16x16");
        assertRefused(
                train(data, "--patch-sizes", "1/3:1", "--dry-run"),
                "patch size 1/3 (5 pixels of the shorter side) does not fit images of 16x16");
        assertRefused(train(data, "--classes", 1), "has no labels to filter by class");
    }

    @Test
    void wordsThatAreNoneAreAnsweredWithThoseThatAre() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 3, 16, 16);
        for (String option : List.of("--augment", "--real-p", "--label-dropout")) {
            for (String value : List.of("x", "1.5", "NaN")) {
                Outcome outcome = train(data, option, value);
                assertEquals(2, outcome.code());
                String problem = value.equals("x") ? "\"x\" is no number; " : "it is " + value + ", ";
                assertTrue(
                        outcome.error().contains(option + " P: " + problem + "expected a number from 0 to 1"),
                        outcome.error());
            }
        }
        Outcome place = train(data, "--augment", 0.1, "--augment-at", "Sky");
        assertEquals(2, place.code());
        assertTrue(place.error().contains("\"Sky\" is unknown: expected one of patch, image"), place.error());
        assertTrue(train(data, "--arch", "vgg").error().contains("expected one of ddpmpp, ncsnpp, adm"));
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
    void aSeedGivesTheSameImageWhateverTheBatch() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 4, 16, 16);
        Pictures.labels(data, 4, 2);
        assertEquals(0, train(data, "--cond", "1", "--samples", 0).code());
        Path model = file(runs().get(0), "model-.*");
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
        assertEquals(0, train(data, "--samples", 0).code());
        Path model = file(runs().get(0), "model-.*");
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
        assertEquals(0, train(data, "--samples", 0, "--dry-run").code());
        assertEquals(1, runs().size(), "a dry run makes no directory");
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

    private void assertRefused(Outcome outcome, String message) throws IOException {
        assertEquals(1, outcome.code(), outcome.err());
        assertTrue(outcome.error().contains(message), outcome.error());
        assertEquals("", outcome.out());
        assertEquals(List.of(), runs(), "nothing half-written");
    }

    @Test
    void badDataIsRefusedBeforeAnyWork() throws IOException {
        Path missing = folder.resolve("missing.zip");
        assertRefused(train(missing), missing + ": there is no such file or folder");
        Path empty = Files.createDirectory(folder.resolve("empty"));
        assertRefused(train(empty), empty.toString());
        Path mixed = Pictures.folder(folder.resolve("mixed"), 3, 16, 16);
        Pictures.write(mixed.resolve("other.png"), 16, 8, 1);
        assertRefused(train(mixed), "other.png is 16x8");
        Path corrupt = Pictures.folder(folder.resolve("corrupt"), 3, 16, 16);
        byte[] whole = Files.readAllBytes(corrupt.resolve("image1.png"));
        Files.write(corrupt.resolve("image1.png"), Arrays.copyOf(whole, whole.length / 2));
        assertRefused(train(corrupt), "image1.png");
        Path odd = Pictures.folder(folder.resolve("odd"), 3, 24, 24);
        assertRefused(train(odd), "images are 24x24, expected sides that are powers of two");
        Path small = Pictures.folder(folder.resolve("small"), 3, 4, 4);
        assertRefused(train(small), "patch size 1/4 (1 pixel of the shorter side) does not fit images of 4x4");
        Path unlabelled = Pictures.folder(folder.resolve("unlabelled"), 3, 16, 16);
        assertRefused(train(unlabelled, "--cond", "1"), "label");
    }

    @Test
    void sizesBeyondThePaperWorkOnRequest() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 3, 24, 16);
        Outcome outcome = train(data, "--any-size", "--dry-run");
        assertEquals(0, outcome.code(), outcome.err());
    }

    @Test
    void anOutputFolderThatIsAFileIsRefused() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 3, 16, 16);
        Files.writeString(folder.resolve("runs"), "in the way");
        Outcome outcome = train(data);
        assertEquals(1, outcome.code());
        assertTrue(outcome.error().contains("--outdir " + folder.resolve("runs")), outcome.error());
        assertEquals("in the way", Files.readString(folder.resolve("runs")));
    }

    @Test
    void aModelFileCutShortIsRefused() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 3, 16, 16);
        assertEquals(0, train(data, "--samples", 0).code());
        byte[] whole = Files.readAllBytes(file(runs().get(0), "model-.*"));
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
        assertEquals(0, train(data, "--samples", 0).code());
        Path run = runs().get(0);
        Path newest = file(run, "model-.*");
        Files.copy(newest, run.resolve("model-000000001.safetensors"));
        Files.writeString(run.resolve("model-000000000.safetensors"), "older, and damaged");
        Path out = folder.resolve("out");
        Outcome drawn =
                Outcome.of("generate", "--network", run, "--seeds", "1001", "--steps", 2, "--outdir", out, "--subdirs");
        assertEquals(0, drawn.code(), drawn.err());
        assertTrue(drawn.err().contains("network: " + run.resolve("model-000000001.safetensors")), drawn.err());
        assertTrue(Files.exists(out.resolve("001000/seed001001.png")));
        assertEquals(0, train(data, "--transfer", run, "--dry-run").code());
        Outcome none = Outcome.of("generate", "--network", data, "--grid", folder.resolve("g.png"));
        assertEquals(1, none.code());
        assertTrue(none.error().contains("holds no model-NUMBER.safetensors"), none.error());
    }

    @Test
    void everyNetworkOptionThatATransferContradictsIsRefusedByName() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 4, 16, 16);
        Pictures.labels(data, 4, 2);
        assertEquals(0, train(data, "--samples", 0).code());
        Path model = file(runs().get(0), "model-.*");
        List<Object> transfer =
                List.of("train", "--data", data, "--outdir", folder.resolve("o"), "--transfer", model, "--dry-run");
        for (String option : List.of(
                "--cbase=16",
                "--cres=1",
                "--cres=1,1,1,1,1,1,1,1,1,1,1",
                "--blocks=2",
                "--attn=8",
                "--arch=adm",
                "--arch=ncsnpp",
                "--embedding=fourier",
                "--encoder=residual",
                "--decoder=skip",
                "--filter=1,3,3,1",
                "--noise-mult=2",
                "--emb-mult=2",
                "--implicit-mlp",
                "--cond=1",
                "--precond=vp",
                "--augment=0.1",
                "--label-dropout=0.1")) {
            List<Object> all = new ArrayList<>(transfer);
            all.addAll(List.of("--blocks=1", option).subList(option.startsWith("--blocks") ? 1 : 0, 2));
            Outcome outcome = Outcome.of(all.toArray());
            assertEquals(2, outcome.code(), option);
            assertTrue(outcome.error().contains(option.split("=")[0] + " "), outcome.error());
            assertTrue(outcome.error().contains("is not what the network of --transfer"), outcome.error());
        }
        List<Object> same = new ArrayList<>(transfer);
        same.addAll(
                List.of("--cbase=8", "--cres=1,1", "--blocks=1", "--attn=none", "--arch=ddpmpp", "--implicit-mlp=0"));
        same.addAll(List.of("--cond=0", "--precond=edm", "--dropout=0.25"));
        Outcome outcome = Outcome.of(same.toArray());
        assertEquals(0, outcome.code(), outcome.err());
        assertTrue(outcome.err().contains("\"dropout\" : 0.25"), outcome.err());
        Outcome plain = Outcome.of(transfer.toArray());
        assertTrue(plain.err().contains("\"dropout\" : 0.1"), plain.err());
    }

    @Test
    void aRunIsNamedOrIsTheFolderItself() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 4, 16, 16);
        assertEquals(0, train(data, "--samples", 0, "--desc", "first try").code());
        assertEquals(
                "00000-data-uncond-ddpmpp-edm-batch2-first_try",
                runs().get(0).getFileName().toString());
        assertEquals(2, train(data, "--nosubdir", "--desc", "again").code());
        Outcome full = train(data, "--nosubdir", "--samples", 0);
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
                runs().get(0),
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

    @Test
    void aDryRunRefusesWhatARunRefuses() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 3, 16, 16);
        assertRefused(
                train(data, "--dry-run", "--patch-sizes", "32:1"), "patch size 32 pixels does not fit images of 16x16");
    }

    @Test
    void sizesAreHeldAgainstTheLevelsThatWereAskedFor() throws IOException {
        Path data = Pictures.folder(folder.resolve("data"), 3, 15, 15);
        Object[] plain = {"--any-size", "--real-p", 1, "--dry-run"};
        Outcome two = train(data, plain);
        assertEquals(2, two.code());
        assertTrue(two.error().contains("does not fit a network of 2 levels"), two.error());
        assertEquals(
                0,
                Outcome.of("train", "--data", data, "--outdir", folder, "--cres", 1, "--any-size", "--real-p", 1, "-n")
                        .code());
    }
}

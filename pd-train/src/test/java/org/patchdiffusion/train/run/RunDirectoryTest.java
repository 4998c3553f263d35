package org.patchdiffusion.train.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.io.ModelFile;
import org.patchdiffusion.model.precond.EdmPreconditioning;
import org.patchdiffusion.train.ScriptedEngine;
import org.patchdiffusion.train.TinyRun;
import org.patchdiffusion.train.Trainer;
import org.patchdiffusion.train.TrainingResult;
import org.patchdiffusion.train.checkpoint.Checkpoint;
import org.patchdiffusion.train.checkpoint.TrainingState;
import org.patchdiffusion.train.config.TrainingConfig;

class RunDirectoryTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path parent;

    private final ModelConfig model = TinyRun.modelConfig(TinyRun.network());

    private static String nameOf(RunDirectory run) {
        return run.path().getFileName().toString();
    }

    @Test
    void takesTheNextNumberAndDescribesTheRun() throws IOException {
        Path runs = parent.resolve("not/there/yet");
        assertEquals("00000-emoji-uncond-ddpmpp-edm-batch16", nameOf(RunDirectory.create(runs, "emoji", model, 16)));
        Files.createDirectory(runs.resolve("00041-other"));
        Files.createDirectory(runs.resolve("notes"));
        ModelConfig conditional = TinyRun.modelConfig(TinyRun.network().labelDim(3));
        assertEquals("00042-a_b-cond-ddpmpp-edm-batch2", nameOf(RunDirectory.create(runs, "a b", conditional, 2)));
        ModelConfig adm = new ModelConfig(UNetConfig.adm(64, 3).build(), EdmPreconditioning.standard(), 64, 64);
        assertEquals("00043-x-uncond-adm-edm-batch1", nameOf(RunDirectory.create(runs, "x", adm, 1)));
        ModelConfig ncsnpp = new ModelConfig(UNetConfig.ncsnpp(32, 3).build(), EdmPreconditioning.standard(), 32, 32);
        assertEquals("00044-x-uncond-ncsnpp-edm-batch1", nameOf(RunDirectory.create(runs, "x", ncsnpp, 1)));
    }

    @Test
    void aPlaceThatCannotHoldFoldersIsNamed() throws IOException {
        Path file = Files.createFile(parent.resolve("file"));
        String message = assertThrows(IOException.class, () -> RunDirectory.create(file, "x", model, 1))
                .getMessage();
        assertEquals(
                "cannot make a run directory in " + file + ": " + file + " is a file; choose another output folder",
                message);
        Path below = file.resolve("runs");
        message = assertThrows(IOException.class, () -> RunDirectory.create(below, "x", model, 1))
                .getMessage();
        assertTrue(message.startsWith("cannot make a run directory in " + below + ": "), message);
    }

    @Test
    void holdsOptionsModelsAndTheLastTwoCheckpoints() throws IOException {
        RunDirectory run = RunDirectory.create(parent, "tiny", model, 400);
        // 760 counted images a step.
        TrainingConfig config = TinyRun.config()
                .batch(400)
                .durationKimg(3)
                .tickKimg(1.5)
                .snapshotKimg(2)
                .checkpointKimg(0.7)
                .build();
        Trainer trainer = Trainer.fresh(config, TinyRun.model(), TinyRun.data())
                .engine(new ScriptedEngine(() -> 768))
                .listener(run)
                .build();
        TrainingResult result = trainer.run();
        assertEquals(
                List.of(
                        "checkpoint-000002",
                        "checkpoint-000003",
                        "log.txt",
                        "model-000002.safetensors",
                        "model-000003.safetensors",
                        RunLock.FILE,
                        "training_options.json"),
                filesOf(run));
        checkOptions(run, config);
        DiffusionModel read = ModelFile.read(run.path().resolve("model-000003.safetensors"));
        assertArrayEquals(
                result.state().ema().flat().toFloatVector(),
                read.parameters().flat().toFloatVector());
        assertEquals(
                List.of(run.path().resolve("checkpoint-000002"), run.path().resolve("checkpoint-000003")),
                CheckpointFolders.list(run.path()));
        assertEquals(
                3040,
                Checkpoint.read(run.path().resolve("checkpoint-000003")).state().images());
        String log = Files.readString(run.path().resolve("log.txt"));
        assertTrue(log.contains("wrote model-000003.safetensors"), log);
    }

    private static List<String> filesOf(RunDirectory run) throws IOException {
        try (Stream<Path> files = Files.list(run.path())) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    private void checkOptions(RunDirectory run, TrainingConfig config) throws IOException {
        JsonNode options =
                JSON.readTree(run.path().resolve("training_options.json").toFile());
        TrainingConfig actual = config.toBuilder().engine("scripted").threads(1).build();
        assertEquals(actual, TrainingConfig.fromJson(options.get("training").toString()));
        assertEquals(model, ModelConfig.fromJson(options.get("model").toString()));
        assertEquals("fingerprint 0", options.at("/data/fingerprint").asText());
        assertEquals("scripted", options.at("/versions/engine").asText());
        assertEquals("1.0.0-M2.1", options.at("/versions/nd4j").asText());
        assertEquals(Runtime.version().toString(), options.at("/versions/java").asText());
    }

    @Test
    void aNumberOfImagesIsSixDigitsOfThousands() {
        assertEquals("000000", RunDirectory.kimg(999));
        assertEquals("002501", RunDirectory.kimg(2_501_999));
        assertEquals("1234567", RunDirectory.kimg(1_234_567_000L));
    }

    @Test
    void whatComesSecondWithinAThousandHasANameOfItsOwn() throws IOException {
        assertEquals("000003", ArtifactNames.snapshot(parent, 3_000));
        Path first = ArtifactNames.modelFile(parent, 3_000);
        ModelFile.write(first, model, TinyRun.model().parameters(), Map.of(RunDirectory.IMAGES, "3000"));
        assertEquals("000003", ArtifactNames.snapshot(parent, 3_000));
        assertEquals("000003_500", ArtifactNames.snapshot(parent, 3_500));
        assertEquals("000004", ArtifactNames.snapshot(parent, 4_000));
        Files.writeString(first, "damaged");
        assertEquals("000003_000", ArtifactNames.snapshot(parent, 3_000));
    }

    @Test
    void checkpointsWithAnyNumberAreInOrder() throws IOException {
        for (String name : List.of("99999999999999999999", "000003_540", "000003", "000003_540_2", "1000000", "x")) {
            Files.createDirectory(parent.resolve("checkpoint-" + name));
        }
        assertEquals(
                List.of("000003", "000003_540", "000003_540_2", "1000000", "99999999999999999999"),
                CheckpointFolders.list(parent).stream()
                        .map(folder -> folder.getFileName().toString().replace("checkpoint-", ""))
                        .toList());
        List<String> passedOver = new ArrayList<>();
        assertTrue(CheckpointFolders.newestWhole(parent, passedOver::add).isEmpty());
        assertEquals(5, passedOver.size());
    }

    @Test
    void theNewestRunHasTheHighestNumber() throws IOException {
        assertTrue(RunFolders.newest(parent.resolve("nowhere")).isEmpty());
        for (String name : List.of("00009-a", "99999-b", "notes", "100000-c", "5-d")) {
            Files.createDirectory(parent.resolve(name));
        }
        assertEquals(parent.resolve("100000-c"), RunFolders.newest(parent).orElseThrow());
        assertEquals("100001-x-uncond-ddpmpp-edm-batch1", nameOf(RunDirectory.create(parent, "x", model, 1)));
    }

    @Test
    void aCheckpointThatAKillLeftUnderItsHiddenNameIsFound(@TempDir Path run) throws IOException {
        // Our own process number, but started in 1970: that process has ended.
        String dead = ProcessHandle.current().pid() + "-1-0123abcd";
        checkpoint(9_000).write(run.resolve(".checkpoint-000007." + dead + ".old"));
        Files.createDirectory(run.resolve(".checkpoint-000007." + dead + ".tmp"));
        checkpoint(3_000).write(run.resolve("checkpoint-000003"));
        StoredCheckpoint newest =
                CheckpointFolders.newestWhole(run, Assertions::fail).orElseThrow();
        assertEquals(run.resolve("checkpoint-000007"), newest.folder());
        assertEquals(9_000, newest.checkpoint().state().images());
        assertEquals(2, Files.list(run).count());
    }

    private Checkpoint checkpoint(long images) {
        TrainingState state = TrainingState.start(TinyRun.model().parameters());
        state.advance(images);
        return new Checkpoint(TinyRun.config().build(), model, "fingerprint 0", state);
    }
}

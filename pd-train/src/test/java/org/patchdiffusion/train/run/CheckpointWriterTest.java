package org.patchdiffusion.train.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.patchdiffusion.train.TinyRun;
import org.patchdiffusion.train.checkpoint.Checkpoint;
import org.patchdiffusion.train.checkpoint.TrainingState;

class CheckpointWriterTest {
    @TempDir
    Path parent;

    private final TrainingState state = TrainingState.start(TinyRun.model().parameters());
    private Path run;
    private CheckpointWriter writer;

    @BeforeEach
    void makeRun() throws IOException {
        run = Files.createDirectory(parent.resolve("run"));
        writer = new CheckpointWriter(
                new CheckpointFolders(run, 2),
                new RunLog(run),
                state.parameters().layout());
    }

    private Checkpoint checkpoint() {
        return new Checkpoint(TinyRun.config().build(), TinyRun.modelConfig(TinyRun.network()), "fingerprint 0", state);
    }

    @Test
    void theStateMayChangeAsSoonAsItWasHandedOver() throws IOException {
        state.advance(3_000);
        float[] handedOver = state.ema().flat().toFloatVector();
        writer.write(checkpoint());
        state.ema().flat().addi(1);
        state.advance(500);
        writer.write(checkpoint());
        writer.close();
        assertEquals(
                List.of(run.resolve("checkpoint-000003"), run.resolve("checkpoint-000003_500")),
                CheckpointFolders.list(run));
        TrainingState first = Checkpoint.read(run.resolve("checkpoint-000003")).state();
        assertEquals(3_000, first.images());
        assertArrayEquals(handedOver, first.ema().flat().toFloatVector());
        assertEquals(
                2, Checkpoint.read(run.resolve("checkpoint-000003_500")).state().steps());
    }

    @Test
    void theNewestStayHoweverManyThereAreWithinAThousand() throws IOException {
        for (int i = 0; i < 5; i++) {
            state.advance(i == 0 ? 3_000 : 200);
            writer.write(checkpoint());
        }
        writer.close();
        assertEquals(
                List.of(run.resolve("checkpoint-000003_600"), run.resolve("checkpoint-000003_800")),
                CheckpointFolders.list(run));
        assertEquals(3_800, Checkpoint.verify(run.resolve("checkpoint-000003_800")));
    }

    @Test
    void aFailureIsThrownOnceByTheNextCallAndNamesTheFolder() throws IOException {
        Files.delete(run);
        state.advance(3_000);
        writer.write(checkpoint());
        String message = assertThrows(IOException.class, writer::finish).getMessage();
        assertTrue(message.startsWith("cannot look for checkpoints in the run directory " + run + ": "), message);
        assertTrue(message.endsWith("; there is none to resume from yet: see to that, then start again"), message);
        writer.finish();
        Files.createDirectory(run);
        writer.write(checkpoint());
        writer.close();
        assertEquals(3_000, Checkpoint.verify(run.resolve("checkpoint-000003")));
    }

    @Test
    void aFailureNamesTheCheckpointThatIsLeft() throws IOException {
        state.advance(3_000);
        writer.write(checkpoint());
        writer.finish();
        // A file where the log was cannot be appended to as a folder.
        Files.delete(run.resolve("log.txt"));
        Files.createDirectory(run.resolve("log.txt"));
        state.advance(1_000);
        writer.write(checkpoint());
        String message = assertThrows(IOException.class, writer::close).getMessage();
        assertTrue(message.contains("cannot write " + run.resolve("log.txt")), message);
        assertTrue(message.contains("then resume from " + run.resolve("checkpoint-000004")), message);
    }
}

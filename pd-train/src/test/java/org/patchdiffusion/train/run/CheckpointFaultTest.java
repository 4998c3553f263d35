package org.patchdiffusion.train.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.patchdiffusion.train.TinyRun;
import org.patchdiffusion.train.checkpoint.Checkpoint;
import org.patchdiffusion.train.checkpoint.TrainingProgress;
import org.patchdiffusion.train.checkpoint.TrainingState;

/**
 * Every single operation on files that keeping checkpoints takes fails once, or is the last before the process is
 * killed: there always is a whole checkpoint, and none older than there was before.
 */
class CheckpointFaultTest {
    @TempDir
    Path parent;

    private final TrainingState state = TrainingState.start(TinyRun.model().parameters());

    private Checkpoint checkpointOf(long images) {
        TrainingState counted = new TrainingState(
                state.parameters(),
                state.ema(),
                state.firstMoment(),
                state.secondMoment(),
                new TrainingProgress(images / 1000, images, 0, 0));
        return new Checkpoint(
                TinyRun.config().build(), TinyRun.modelConfig(TinyRun.network()), "fingerprint 0", counted);
    }

    /** What is done to the checkpoints of a run. */
    @FunctionalInterface
    private interface Work {
        void on(Path run) throws IOException;
    }

    /**
     * Fails the first operation of the work, then the second, and so on, in a fresh run directory each time, until the
     * work comes through.
     *
     * @param before makes the directory
     * @param oldest images of the newest whole checkpoint before the work
     * @param newest images of the newest one after it
     */
    private void failEveryOperation(boolean isCrash, Work before, Work work, long oldest, long newest)
            throws IOException {
        Path template = Files.createDirectory(parent.resolve("template"));
        before.on(template);
        int failing = 0;
        boolean cameThrough = false;
        while (!cameThrough) {
            failing++;
            Path run = copy(template, parent.resolve("run" + failing));
            FaultyFiles files = new FaultyFiles(run, failing, isCrash);
            boolean isDone = true;
            try {
                work.on(files.wrap(run));
            } catch (IOException e) {
                isDone = false;
            }
            cameThrough = !files.hasFailed();
            assertTrue(isDone || files.hasFailed(), "nothing failed, and yet it was not done");
            if (isCrash) {
                makeDead(run);
            }
            long found = newestImages(run);
            String when = "after a failure of operation " + failing;
            assertTrue(found == newest || found == oldest && !isDone, when + " the newest whole one has " + found);
            if (isCrash) {
                assertEquals(List.of(), hidden(run), when);
            }
        }
        assertTrue(failing > 20, "only " + failing + " operations");
    }

    private static Path copy(Path folder, Path target) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.toList()) {
                Files.copy(file, target.resolve(folder.relativize(file)));
            }
        }
        return target;
    }

    private static long newestImages(Path run) throws IOException {
        List<String> passedOver = new ArrayList<>();
        StoredCheckpoint newest = CheckpointFolders.newestWhole(run, passedOver::add)
                .orElseThrow(() -> new AssertionError("no whole checkpoint; passed over " + passedOver));
        return newest.checkpoint().state().images();
    }

    /** Lets the hidden files of this process look like those of one that has ended. */
    private static void makeDead(Path run) throws IOException {
        String ours = "." + ProcessHandle.current().pid() + "-";
        for (Path file : hidden(run)) {
            String name = file.getFileName().toString();
            assertTrue(name.contains(ours), name);
            Files.move(file, file.resolveSibling(name.replaceFirst("(\\.\\d+-)\\d+(-[0-9a-f]{8})", "$11$2")));
        }
    }

    private static List<Path> hidden(Path run) throws IOException {
        try (Stream<Path> files = Files.list(run)) {
            return files.filter(file -> file.getFileName().toString().startsWith("."))
                    .toList();
        }
    }

    private static CheckpointFolders folders(Path run, String... whole) {
        CheckpointFolders folders = new CheckpointFolders(run, 2);
        for (String name : whole) {
            folders.foundWhole(run.resolve(name));
        }
        return folders;
    }

    private Work writing(long... images) {
        return run -> {
            for (long count : images) {
                checkpointOf(count).write(run.resolve("checkpoint-" + ArtifactNames.kimg(count)));
            }
        };
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void writingOne(boolean isCrash) throws IOException {
        Work adding = run -> folders(run, "checkpoint-000001").add(checkpointOf(2_000));
        failEveryOperation(isCrash, writing(1_000), adding, 1_000, 2_000);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void deletingAnOldOne(boolean isCrash) throws IOException {
        Work adding =
                run -> folders(run, "checkpoint-000001", "checkpoint-000002").add(checkpointOf(3_000));
        failEveryOperation(isCrash, writing(1_000, 2_000), adding, 2_000, 3_000);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void writingOneWhoseNameADamagedOneHas(boolean isCrash) throws IOException {
        Work before = run -> {
            writing(1_000, 2_000).on(run);
            Files.writeString(run.resolve("checkpoint-000002/state.npz"), "damaged");
        };
        Work adding = run -> folders(run, "checkpoint-000001").add(checkpointOf(2_000));
        failEveryOperation(isCrash, before, adding, 1_000, 2_000);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void writingASecondOneWithinAThousandImages(boolean isCrash) throws IOException {
        Work adding = run -> folders(run, "checkpoint-000001").add(checkpointOf(1_500));
        failEveryOperation(isCrash, writing(1_000), adding, 1_000, 1_500);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void replacingOneByHand(boolean isCrash) throws IOException {
        Work replacing = run -> checkpointOf(2_000).write(run.resolve("checkpoint-000001"));
        failEveryOperation(isCrash, writing(1_000), replacing, 1_000, 2_000);
    }
}

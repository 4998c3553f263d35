package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.patchdiffusion.train.Checkpoint;
import org.patchdiffusion.train.CheckpointFolders;
import org.patchdiffusion.train.TrainingConfig;
import picocli.CommandLine.Model.CommandSpec;

/** Where {@code --resume} goes on. */
final class ResumePoint {

    /** Options that may stand beside {@code --resume}: they do not change what is learned. */
    static final List<String> ALLOWED = List.of(
            "--data",
            "--classes",
            "--hold-out-every",
            "--cache",
            "--outdir",
            "--resume",
            "--duration",
            "--max-minutes",
            "--engine",
            "--threads",
            "--samples",
            "--val",
            "--ui",
            "--any-size",
            "--dry-run",
            "--debug");

    private ResumePoint() {}

    /**
     * Reads a checkpoint, or the last one of a run directory.
     *
     * @throws IOException if there is none, or it is damaged
     */
    static Checkpoint read(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new IOException(
                    "--resume " + folder + " is not a folder; give a run directory or a checkpoint in it");
        }
        if (Files.exists(folder.resolve("checkpoint.json"))) {
            return Checkpoint.read(folder);
        }
        List<Path> checkpoints = CheckpointFolders.list(folder);
        if (checkpoints.isEmpty()) {
            throw new IOException(
                    "--resume " + folder + " holds no checkpoint; give a run directory or a checkpoint in it");
        }
        return Checkpoint.read(checkpoints.get(checkpoints.size() - 1));
    }

    /** The checkpoint's settings, with the duration of the command line if one was given. */
    static TrainingConfig settings(Checkpoint checkpoint, CommandSpec spec, TrainingConfig given) {
        TrainingConfig own = checkpoint.training();
        double duration = GivenOptions.of(spec).contains("--duration") ? given.durationKimg() : own.durationKimg();
        return own.toBuilder()
                .durationKimg(duration)
                .engine(given.execution().engine())
                .build();
    }
}

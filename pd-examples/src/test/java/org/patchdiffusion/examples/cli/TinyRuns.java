package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Runs of the command line that take a second each. */
final class TinyRuns {
    private final Path folder;

    /** Runs in a folder that need not be there. */
    TinyRuns(Path folder) {
        this.folder = folder;
    }

    /** Trains two steps of a tiny network, with more options if any. */
    Outcome train(Path data, Object... more) {
        List<Object> arguments = new ArrayList<>(
                List.of("train", "--data", data, "--outdir", folder, "--cbase", 8, "--cres", "1,1", "--blocks", 1));
        arguments.addAll(List.of("--attn", "none", "--batch", 2, "--dropout", 0.1, "--duration", 2e-5, "--tick", 0.01));
        arguments.addAll(List.of(more));
        return Outcome.of(arguments.toArray());
    }

    /** The run directories, by their numbers. */
    List<Path> folders() throws IOException {
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    /** The last file of a directory whose name matches. */
    static Path file(Path directory, String pattern) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(f -> f.getFileName().toString().matches(pattern))
                    .sorted()
                    .reduce((a, b) -> b)
                    .orElseThrow();
        }
    }

    /** Goes on with a run, by the arguments after {@code --resume}. */
    static Outcome resume(Object... arguments) {
        List<Object> all = new ArrayList<>(List.of("train", "--resume"));
        all.addAll(List.of(arguments));
        return Outcome.of(all.toArray());
    }
}

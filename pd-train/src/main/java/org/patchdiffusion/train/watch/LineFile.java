package org.patchdiffusion.train.watch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A text file that lines are added to. It is opened for each, so that a run of a week holds nothing. */
record LineFile(Path path) {

    /** @throws IOException if it cannot be written; the message names it */
    void add(String line) throws IOException {
        try {
            Files.write(
                    path,
                    (line + "\n").getBytes(StandardCharsets.UTF_8),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new IOException("cannot write to " + path + ": " + e, e);
        }
    }
}

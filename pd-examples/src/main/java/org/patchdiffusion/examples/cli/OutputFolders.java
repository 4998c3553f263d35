package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Tells before the work whether its results can be written. */
final class OutputFolders {

    private OutputFolders() {}

    /**
     * Checks that a folder can be written to, or be made.
     *
     * @param option the option that names it
     * @throws IOException if it cannot
     */
    static void require(String option, Path folder) throws IOException {
        Path existing = folder.toAbsolutePath();
        while (existing != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        if (existing == null || !Files.isDirectory(existing)) {
            throw new IOException(option + " " + folder + " cannot be made: " + existing
                    + " is not a folder; choose another output folder");
        }
        Path probe = null;
        try {
            // Permissions alone do not tell: a file system may be read-only, and root passes every check.
            probe = Files.createTempFile(existing, ".pd-", ".tmp");
        } catch (IOException e) {
            throw new IOException(
                    option + " " + folder + " cannot be written: " + existing
                            + " refuses new files; choose another output folder",
                    e);
        } finally {
            if (probe != null) {
                Files.deleteIfExists(probe);
            }
        }
    }
}

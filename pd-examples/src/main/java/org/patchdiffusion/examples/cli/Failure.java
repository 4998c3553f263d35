package org.patchdiffusion.examples.cli;

import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Turns an exception into the one line that the user reads. */
final class Failure {

    private Failure() {}

    static String describe(Throwable failure) {
        if (failure instanceof UncheckedIOException unchecked) {
            return describe(unchecked.getCause());
        }
        if (failure instanceof OutOfMemoryError) {
            return outOfMemory(CommandLineTool.oneLine(failure.getMessage()));
        }
        if (failure instanceof FileSystemException file && file.getFile() != null) {
            // The plain messages of the file system name nothing but the file.
            boolean isSentence =
                    file.getMessage().contains(": ") || file.getMessage().contains(" does not exist");
            if (file instanceof NoSuchFileException && !isSentence) {
                return file.getFile() + " does not exist";
            }
            if (file instanceof AccessDeniedException) {
                return file.getFile() + ": permission denied";
            }
        }
        String message = failure.getMessage();
        boolean expected = failure instanceof java.io.IOException
                || failure instanceof IllegalArgumentException
                || failure instanceof IllegalStateException;
        if (message == null || !expected) {
            return failure.getClass().getSimpleName() + ": " + CommandLineTool.oneLine(message)
                    + " (this is a bug; run again with --debug for the place)";
        }
        return CommandLineTool.oneLine(message);
    }

    /** Arrays lie outside Java's heap, where another limit holds. */
    private static String outOfMemory(String reason) {
        boolean arrays = reason.contains("new") && reason.contains("Pointer") || reason.contains("physicalBytes");
        return "out of memory (" + reason + "); choose a smaller --batch or model, or give "
                + (arrays
                        ? "arrays more with -Dorg.bytedeco.javacpp.maxbytes=4g before -jar (by default as much as -Xmx)"
                        : "Java more with -Xmx");
    }
}

package org.patchdiffusion.examples.cli;

import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;
import org.patchdiffusion.train.TrainingMemoryException;

/** Turns an exception into the one line that the user reads. */
final class Failure {

    /** Causes may form a ring. */
    private static final int MOST_CAUSES = 20;

    private Failure() {}

    /** The failure itself or what caused it, if either is of a kind. */
    private static <T extends Throwable> Optional<T> cause(Throwable failure, Class<T> kind) {
        Throwable one = failure;
        for (int depth = 0; one != null && depth < MOST_CAUSES; depth++) {
            if (kind.isInstance(one)) {
                return Optional.of(kind.cast(one));
            }
            one = one.getCause();
        }
        return Optional.empty();
    }

    static String describe(Throwable failure) {
        if (failure instanceof UncheckedIOException unchecked) {
            return describe(unchecked.getCause());
        }
        if (failure instanceof TrainingMemoryException) {
            return CommandLineTool.oneLine(failure.getMessage());
        }
        Optional<OutOfMemoryError> memory = cause(failure, OutOfMemoryError.class);
        if (memory.isPresent()) {
            return outOfMemory(CommandLineTool.oneLine(memory.get().getMessage()));
        }
        Optional<UnsatisfiedLinkError> natives = cause(failure, UnsatisfiedLinkError.class);
        if (natives.isPresent()) {
            return "a native library does not load on this machine ("
                    + CommandLineTool.oneLine(natives.get().getMessage()).replaceFirst(" in java.library.path.*", "")
                    + "); build pd on this machine, or for it with -Djavacpp.platform=..., as the README's table of"
                    + " platforms says";
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
        return "out of memory (" + reason + "); choose a smaller --batch-gpu, --batch or --cbase, or give "
                + (arrays
                        ? "arrays more with -Dorg.bytedeco.javacpp.maxbytes=4g before -jar (by default as much as -Xmx)"
                        : "Java more with -Xmx");
    }
}

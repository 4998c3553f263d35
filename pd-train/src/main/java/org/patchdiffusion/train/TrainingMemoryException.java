package org.patchdiffusion.train;

/** There is not the memory for a training. The message is a sentence that names settings that fit. */
public final class TrainingMemoryException extends IllegalStateException {
    private static final long serialVersionUID = 1;

    TrainingMemoryException(String message, Throwable cause) {
        super(message, cause);
    }
}

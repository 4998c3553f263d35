package org.patchdiffusion.data;

/** Hears how far a long operation has come. */
@FunctionalInterface
public interface ProgressListener {

    /** Hears nothing. */
    ProgressListener NONE = (done, total) -> {};

    /** Called on the thread that runs the operation, with {@code done} rising to {@code total}. */
    void progress(int done, int total);
}

package org.patchdiffusion.train.concurrent;

import java.io.IOException;

/** The first of several failures, with the others suppressed in it. */
public final class Failure {
    private Throwable first;

    public void add(Throwable next) {
        if (first == null) {
            first = next;
        } else if (first != next) {
            first.addSuppressed(next);
        }
    }

    /** Throws the first failure as it is, if there is one. */
    public void rethrow() throws IOException {
        if (first instanceof IOException e) {
            throw e;
        }
        rethrowUnchecked();
    }

    /** The same where only unchecked ones were added. */
    public void rethrowUnchecked() {
        if (first instanceof RuntimeException e) {
            throw e;
        }
        if (first instanceof Error e) {
            throw e;
        }
    }
}

package org.patchdiffusion.train.concurrent;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/** Waits that an interrupt does not cut short; the interrupt is kept for later. */
public final class Uninterruptible {
    private Uninterruptible() {}

    /**
     * The result of a task that reads or writes files.
     *
     * @throws IOException if the task threw one
     * @throws RuntimeException the unchecked exception or error that the task threw, as it was thrown
     */
    public static <T> T getOrThrow(Future<T> task) throws IOException {
        try {
            return get(task);
        } catch (IllegalStateException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            throw e;
        }
    }

    /**
     * The result of a task.
     *
     * @throws RuntimeException the unchecked exception or error that the task threw, as it was thrown
     */
    public static <T> T get(Future<T> task) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            if (e.getCause() instanceof Error failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}

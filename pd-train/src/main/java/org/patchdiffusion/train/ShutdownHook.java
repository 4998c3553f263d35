package org.patchdiffusion.train;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks for an orderly end when the JVM is told to go (Ctrl-C, SIGTERM), and holds it up until that end is reached, for a
 * limited time. Where the training thread itself told it to go, there is nothing to wait for.
 */
final class ShutdownHook {
    private static final Logger LOG = LoggerFactory.getLogger(Trainer.class);

    /** How often the training thread is looked at. */
    private static final long POLL_MILLIS = 100;

    private final CountDownLatch ended = new CountDownLatch(1);
    private final Runnable stop;
    private final Duration limit;
    private final Thread training;
    private final Thread hook;

    /** A hook for the training of the calling thread. */
    ShutdownHook(Runnable stop, Duration limit) {
        this.stop = stop;
        this.limit = limit;
        this.training = Thread.currentThread();
        hook = new Thread(this::stopAndWait, "stop-training");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    private void stopAndWait() {
        if (ended.getCount() == 0) {
            return;
        }
        LOG.warn(
                "told to end: training stops after this step and writes a checkpoint; waiting for at most {} s",
                limit.toSeconds());
        stop.run();
        long deadline = System.nanoTime() + limit.toNanos();
        try {
            while (!ended.await(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                if (isExiting()) {
                    LOG.warn("the training thread itself ended the program: the last checkpoint is the one before");
                    return;
                }
                if (System.nanoTime() - deadline >= 0) {
                    LOG.warn(
                            "training did not stop within {} s; the last checkpoint is the one before",
                            limit.toSeconds());
                    return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether the training thread waits for this very hook, inside {@code System.exit}. */
    private boolean isExiting() {
        for (StackTraceElement frame : training.getStackTrace()) {
            if (frame.getClassName().equals("java.lang.Shutdown")) {
                return true;
            }
        }
        return false;
    }

    /** Says that the end is reached: the JVM may go. */
    void release() {
        ended.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is going down, which is what the hook was for: it has nothing to be removed from.
            return;
        }
    }
}

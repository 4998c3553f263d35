package org.patchdiffusion.train;

import java.util.concurrent.CountDownLatch;

/** Asks for an orderly end when the JVM is told to go (Ctrl-C, SIGTERM), and holds it up until that end is reached. */
final class ShutdownHook {
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread hook;

    ShutdownHook(Runnable stop) {
        hook = new Thread(
                () -> {
                    stop.run();
                    try {
                        ended.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "stop-training");
        Runtime.getRuntime().addShutdownHook(hook);
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

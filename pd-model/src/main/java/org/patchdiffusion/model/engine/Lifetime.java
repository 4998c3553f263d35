package org.patchdiffusion.model.engine;

/** Whether an engine is open: its programs ask at each run. */
final class Lifetime implements AutoCloseable {
    private volatile boolean closed;

    /** @throws IllegalStateException if the engine is closed */
    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the engine is closed");
        }
    }

    @Override
    public void close() {
        closed = true;
    }
}

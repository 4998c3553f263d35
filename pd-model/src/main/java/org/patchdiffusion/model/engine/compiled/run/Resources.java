package org.patchdiffusion.model.engine.compiled.run;

import java.util.ArrayDeque;
import java.util.Deque;

/** What a program holds off the heap, closed last first. Safe for use by the replicas' threads. */
public final class Resources implements AutoCloseable {

    /** Something to free that throws nothing. */
    @FunctionalInterface
    public interface Freed {
        void close();
    }

    private final Deque<Freed> owned = new ArrayDeque<>();

    /** Frees something together with the rest. */
    public synchronized <T extends AutoCloseable> T own(T resource, Freed close) {
        owned.push(close);
        return resource;
    }

    @Override
    public synchronized void close() {
        while (!owned.isEmpty()) {
            owned.pop().close();
        }
    }
}

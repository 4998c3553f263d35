package org.patchdiffusion.model.engine.compiled.run;

import java.util.ArrayDeque;
import java.util.Deque;

/** What a program holds off the heap, closed last first. Safe for use by the replicas' threads. */
public final class Resources implements AutoCloseable {

    /** Something to free that throws nothing. */
    public interface Freed extends AutoCloseable {
        @Override
        void close();
    }

    private final Deque<Freed> owned = new ArrayDeque<>();

    /** Frees something together with the rest. */
    public synchronized <T extends Freed> T own(T resource) {
        owned.push(resource);
        return resource;
    }

    @Override
    public synchronized void close() {
        while (!owned.isEmpty()) {
            owned.pop().close();
        }
    }
}

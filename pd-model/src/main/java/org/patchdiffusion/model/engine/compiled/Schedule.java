package org.patchdiffusion.model.engine.compiled;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.patchdiffusion.model.engine.plan.ArenaPlanner;

/** The steps of one replica in order, forward ones first, and the buffers they use. */
final class Schedule {
    /** In bytes. */
    private static final long CACHE_LINE = 64;

    private final List<Step> steps = new ArrayList<>();
    private final Set<Buffer> kept = new LinkedHashSet<>();
    private int forwardSteps = -1;

    void add(Step step) {
        int index = steps.size();
        step.reads().forEach(b -> b.touch(index));
        step.writes().forEach(b -> b.touch(index));
        steps.add(step);
    }

    /** Marks the end of the forward steps. */
    void endForward() {
        forwardSteps = steps.size();
    }

    /** Keeps a buffer's content until the end of a run, because the caller reads it. */
    void keep(Buffer buffer) {
        kept.add(buffer);
    }

    List<Step> steps() {
        return steps;
    }

    int forwardSteps() {
        return forwardSteps;
    }

    /**
     * Gives every buffer a place in the arena.
     *
     * @return the arena's size in floats
     */
    long plan() {
        Set<Buffer> buffers = new LinkedHashSet<>();
        for (Step step : steps) {
            buffers.addAll(step.reads());
            buffers.addAll(step.writes());
        }
        kept.forEach(b -> b.touch(steps.size()));
        buffers.removeIf(Buffer::isExternal);
        List<ArenaPlanner.Buffer> requests = new ArrayList<>();
        Map<ArenaPlanner.Buffer, Buffer> planned = new IdentityHashMap<>();
        for (Buffer b : buffers) {
            ArenaPlanner.Buffer request = new ArenaPlanner.Buffer(b.name, b.floats * Float.BYTES, b.first, b.last);
            requests.add(request);
            planned.put(request, b);
        }
        List<ArenaPlanner.Place> places = ArenaPlanner.place(requests, CACHE_LINE);
        places.forEach(place -> planned.get(place.buffer()).offset = place.offset() / Float.BYTES);
        return ArenaPlanner.size(places) / Float.BYTES;
    }
}

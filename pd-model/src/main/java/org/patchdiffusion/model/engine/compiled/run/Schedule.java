package org.patchdiffusion.model.engine.compiled.run;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.patchdiffusion.model.engine.plan.ArenaPlanner;

/**
 * The steps of one replica in order, forward ones first, and the buffers they use. Barriers divide them into segments,
 * between which all replicas wait for a part that runs for the whole batch.
 */
public final class Schedule {
    /** In bytes. */
    private static final long CACHE_LINE = 64;

    private final List<Step> steps = new ArrayList<>();
    private final List<Integer> barriers = new ArrayList<>();
    private final Set<Buffer> kept = new LinkedHashSet<>();
    private int forwardSegments;

    public void add(Step step) {
        int index = steps.size();
        step.reads().forEach(b -> b.touch(index));
        step.writes().forEach(b -> b.touch(index));
        steps.add(step);
    }

    /** Ends a segment. */
    public void barrier() {
        barriers.add(steps.size());
    }

    /** Marks the end of what a forward run needs; this ends a segment too. */
    public void endForward() {
        barrier();
        forwardSegments = barriers.size();
    }

    /** Keeps a buffer's content until the end of a run, because the caller reads it. */
    public void keep(Buffer buffer) {
        kept.add(buffer);
    }

    List<Step> steps() {
        return steps;
    }

    /** Segments of a forward run; those of the backward pass follow. */
    int forwardSegments() {
        return forwardSegments;
    }

    int segments() {
        return barriers.size() + 1;
    }

    int firstStep(int segment) {
        return segment == 0 ? 0 : barriers.get(segment - 1);
    }

    int endStep(int segment) {
        return segment == barriers.size() ? steps.size() : barriers.get(segment);
    }

    /**
     * Gives every buffer a place in the arena.
     *
     * @return the arena's size in bytes
     */
    public long plan() {
        Set<Buffer> buffers = new LinkedHashSet<>();
        for (Step step : steps) {
            buffers.addAll(step.reads());
            buffers.addAll(step.writes());
        }
        buffers.addAll(kept);
        kept.forEach(b -> b.touch(steps.size()));
        buffers.removeIf(Buffer::isExternal);
        List<ArenaPlanner.Buffer> requests = new ArrayList<>();
        Map<ArenaPlanner.Buffer, Buffer> planned = new IdentityHashMap<>();
        for (Buffer b : buffers) {
            ArenaPlanner.Buffer request = new ArenaPlanner.Buffer(b.name(), b.bytes(), b.first(), b.last());
            requests.add(request);
            planned.put(request, b);
        }
        List<ArenaPlanner.Place> places = ArenaPlanner.place(requests, CACHE_LINE);
        places.forEach(place -> planned.get(place.buffer()).placeAt(place.offset()));
        return ArenaPlanner.size(places);
    }
}

package org.patchdiffusion.model.engine.compiled;

/**
 * A piece of memory that a schedule computes with. The planner gives it a place in the arena, unless it lies
 * elsewhere (a feed or an output of the program).
 */
final class Buffer {
    final String name;
    final long floats;
    /** Index of the first step that writes it, and of the last that reads it; both inclusive. */
    int first = Integer.MAX_VALUE;

    int last = -1;
    /** Offset in the arena, in floats; -1 until planned. */
    long offset = -1;

    private final boolean external;

    private Buffer(String name, long floats, boolean external) {
        this.name = name;
        this.floats = floats;
        this.external = external;
    }

    static Buffer inArena(String name, long floats) {
        return new Buffer(name, floats, false);
    }

    static Buffer outside(String name, long floats) {
        return new Buffer(name, floats, true);
    }

    boolean isExternal() {
        return external;
    }

    /** Extends the lifetime to a step. */
    void touch(int step) {
        first = Math.min(first, step);
        last = Math.max(last, step);
    }

    @Override
    public String toString() {
        return name + "(" + floats + ")";
    }
}

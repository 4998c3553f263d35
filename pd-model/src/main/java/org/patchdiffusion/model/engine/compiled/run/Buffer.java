package org.patchdiffusion.model.engine.compiled.run;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A piece of memory that a schedule computes with. The planner gives it a place in the arena, unless it lies
 * elsewhere (what is there before the run, what the caller reads, and what parts of ND4J operations share).
 */
public final class Buffer {
    private final String name;
    private final long bytes;
    private final boolean external;
    private final DataType type;
    private int first = Integer.MAX_VALUE;
    private int last = -1;
    private long offset = -1;

    private Buffer(String name, long bytes, boolean external, DataType type) {
        this.name = name;
        this.type = type;
        this.bytes = bytes;
        this.external = external;
    }

    public static Buffer inArena(String name, long bytes) {
        return inArena(name, bytes, DataType.FLOAT);
    }

    /** Memory for numbers of a type. */
    public static Buffer inArena(String name, long bytes, DataType type) {
        return new Buffer(name, bytes, false, type);
    }

    public static Buffer outside(String name, long bytes) {
        return new Buffer(name, bytes, true, DataType.FLOAT);
    }

    /** Those that are there. */
    public static List<Buffer> present(Buffer... buffers) {
        return Arrays.stream(buffers).filter(Objects::nonNull).toList();
    }

    public String name() {
        return name;
    }

    public long bytes() {
        return bytes;
    }

    /** How many numbers of its type it holds. */
    public long count() {
        return bytes / type.width();
    }

    public DataType type() {
        return type;
    }

    public boolean isExternal() {
        return external;
    }

    /** Extends the lifetime to a step. */
    void touch(int step) {
        first = Math.min(first, step);
        last = Math.max(last, step);
    }

    /** Index of the first step that writes it. */
    int first() {
        return first;
    }

    /** Index of the last step that reads it. */
    int last() {
        return last;
    }

    void placeAt(long byteOffset) {
        offset = byteOffset;
    }

    /** Offset in the arena in bytes; -1 until planned. */
    long offset() {
        return offset;
    }

    @Override
    public String toString() {
        return name + "(" + bytes + " bytes)";
    }
}

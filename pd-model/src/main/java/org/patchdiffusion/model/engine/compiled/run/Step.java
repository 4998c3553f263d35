package org.patchdiffusion.model.engine.compiled.run;

import java.util.List;

/**
 * One entry of a schedule.
 *
 * @param label what it does, for profiles
 * @param kind what it spends its time on
 * @param flops floating-point operations, counted for convolutions and matrix products, else 0
 * @param reads buffers it reads
 * @param writes buffers it writes, scratch memory included
 * @param binder makes it executable once every buffer has its place
 */
public record Step(String label, Kind kind, long flops, List<Buffer> reads, List<Buffer> writes, Binder binder) {

    /** What a step spends its time on. */
    public enum Kind {
        CONVOLUTION,
        MATMUL,
        POINTWISE,
        REORDER
    }

    /** Turns a step into code that runs on the given memory. */
    @FunctionalInterface
    public interface Binder {
        Runnable bind(ReplicaMemory memory);
    }

    public Step {
        reads = List.copyOf(reads);
        writes = List.copyOf(writes);
    }
}

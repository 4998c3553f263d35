package org.patchdiffusion.model.engine.compiled;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Places buffers in one arena so that those alive at the same time never overlap: largest first, each at the lowest
 * free offset (greedy by size, Pisarchyk and Lee 2020).
 */
final class ArenaPlanner {
    /** One cache line, in floats. */
    private static final long ALIGNMENT = 16;

    private ArenaPlanner() {}

    /**
     * Sets the offset of every buffer.
     *
     * @return the arena's size in floats
     */
    static long place(List<Buffer> buffers) {
        List<Buffer> bySize = new ArrayList<>(buffers);
        bySize.sort(Comparator.comparingLong((Buffer b) -> -b.floats));
        List<Buffer> placed = new ArrayList<>();
        long size = 0;
        for (Buffer buffer : bySize) {
            buffer.offset = lowestGap(buffer, placed);
            size = Math.max(size, buffer.offset + aligned(buffer.floats));
            int at = 0;
            while (at < placed.size() && placed.get(at).offset < buffer.offset) {
                at++;
            }
            placed.add(at, buffer);
        }
        return size;
    }

    /** {@code placed} is sorted by offset. */
    private static long lowestGap(Buffer buffer, List<Buffer> placed) {
        long offset = 0;
        for (Buffer other : placed) {
            boolean overlapsInTime = other.first <= buffer.last && buffer.first <= other.last;
            if (!overlapsInTime) {
                continue;
            }
            if (offset + aligned(buffer.floats) <= other.offset) {
                return offset;
            }
            offset = Math.max(offset, other.offset + aligned(other.floats));
        }
        return offset;
    }

    private static long aligned(long floats) {
        return (floats + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}

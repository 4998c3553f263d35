package org.patchdiffusion.model.engine.generic;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Gives buffers places in one arena such that buffers that are alive at the same time do not overlap. */
public final class ArenaPlanner {

    /**
     * A buffer to place.
     *
     * @param name of the variable
     * @param length number of elements
     * @param first index of the instruction that writes it
     * @param last index of the last instruction that reads it
     */
    public record Buffer(String name, long length, int first, int last) {
        boolean meets(Buffer other) {
            return first <= other.last && other.first <= last;
        }
    }

    /** A buffer and the index of its first element. */
    public record Place(Buffer buffer, long offset) {
        /** Index behind the last element. */
        public long end() {
            return offset + buffer.length();
        }
    }

    private ArenaPlanner() {}

    /**
     * Places the largest buffers first, each at the lowest offset that is free over its whole life. ("Greedy by size",
     * Pisarchyk and Lee, Efficient Memory Management for Deep Neural Net Inference, arXiv 2001.03288, section 5.2.)
     *
     * @param alignment every offset is a multiple of this many elements
     */
    public static List<Place> place(List<Buffer> buffers, long alignment) {
        List<Buffer> largestFirst = new ArrayList<>(buffers);
        largestFirst.sort(Comparator.comparingLong(Buffer::length).reversed());
        List<Place> byOffset = new ArrayList<>();
        for (Buffer buffer : largestFirst) {
            long offset = 0;
            for (Place taken : byOffset) {
                if (!taken.buffer().meets(buffer)) {
                    continue;
                }
                if (offset + buffer.length() <= taken.offset()) {
                    break;
                }
                offset = Math.max(offset, roundUp(taken.end(), alignment));
            }
            insert(byOffset, new Place(buffer, offset));
        }
        return byOffset;
    }

    private static void insert(List<Place> byOffset, Place place) {
        int at = byOffset.size();
        while (at > 0 && byOffset.get(at - 1).offset() > place.offset()) {
            at--;
        }
        byOffset.add(at, place);
    }

    private static long roundUp(long value, long multiple) {
        return (value + multiple - 1) / multiple * multiple;
    }
}

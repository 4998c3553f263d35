package org.patchdiffusion.model.engine.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Gives buffers places in one arena such that buffers that are alive at the same time do not overlap. */
public final class ArenaPlanner {

    /**
     * A buffer to place.
     *
     * @param name for messages; need not be unique
     * @param bytes size, at least 0
     * @param first index of the step that writes it first
     * @param last index of the last step that reads or writes it, at least {@code first}
     */
    public record Buffer(String name, long bytes, int first, int last) {
        public Buffer {
            if (bytes < 0 || last < first) {
                throw new IllegalArgumentException("the buffer " + name + " of " + bytes + " bytes lives from step "
                        + first + " to " + last + "; sizes are not negative, and no life ends before it begins");
            }
        }

        boolean meets(Buffer other) {
            return first <= other.last && other.first <= last;
        }
    }

    /** A buffer and the offset of its first byte. */
    public record Place(Buffer buffer, long offset) {
        /** Offset behind the last byte. */
        public long end() {
            return offset + buffer.bytes();
        }
    }

    private ArenaPlanner() {}

    /**
     * Places the largest buffers first, each at the lowest offset that is free over its whole life. ("Greedy by size",
     * Pisarchyk and Lee, Efficient Memory Management for Deep Neural Net Inference, arXiv 2001.03288, section 5.2.)
     * Takes time quadratic in the number of buffers: some 50 ms for 5,000.
     *
     * @param alignment every offset is a multiple of this many bytes, at least 1
     * @return a place for each buffer, by offset
     * @throws ArithmeticException if an offset does not fit a long
     */
    public static List<Place> place(List<Buffer> buffers, long alignment) {
        List<Buffer> largestFirst = new ArrayList<>(buffers);
        largestFirst.sort(Comparator.comparingLong(Buffer::bytes).reversed());
        List<Place> byOffset = new ArrayList<>();
        for (Buffer buffer : largestFirst) {
            long offset = 0;
            for (Place taken : byOffset) {
                if (!taken.buffer().meets(buffer)) {
                    continue;
                }
                if (offset + buffer.bytes() <= taken.offset()) {
                    break;
                }
                offset = Math.max(offset, roundUp(taken.end(), alignment));
            }
            insert(byOffset, new Place(buffer, offset));
        }
        return byOffset;
    }

    /** Bytes that an arena of these places needs. */
    public static long size(List<Place> places) {
        return places.stream().mapToLong(Place::end).max().orElse(0);
    }

    private static void insert(List<Place> byOffset, Place place) {
        int at = byOffset.size();
        while (at > 0 && byOffset.get(at - 1).offset() > place.offset()) {
            at--;
        }
        byOffset.add(at, place);
    }

    private static long roundUp(long value, long multiple) {
        return Math.multiplyExact(Math.addExact(value, multiple - 1) / multiple, multiple);
    }
}

package org.patchdiffusion.model.engine;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Time and work of one replica's steps, by label. */
public final class Profile {

    /** Totals of the steps under one label. */
    public static final class Entry {
        private final String kind;
        private long nanos;
        private long flops;
        private long count;

        private Entry(String kind) {
            this.kind = kind;
        }

        /** What the time goes to: convolution, matmul, pointwise or reorder. */
        public String kind() {
            return kind;
        }

        /** Nanoseconds over all runs. */
        public long nanos() {
            return nanos;
        }

        /** Floating-point operations over all runs. */
        public long flops() {
            return flops;
        }

        /** Number of executions. */
        public long count() {
            return count;
        }
    }

    private final Map<String, Entry> entries = new LinkedHashMap<>();

    /**
     * Adds one execution.
     *
     * @param label what was done
     * @param kind what it spends its time on
     * @param flops floating-point operations; 0 where they are not counted
     * @param nanos how long it took
     */
    public void add(String label, String kind, long flops, long nanos) {
        Entry entry = entries.computeIfAbsent(label, l -> new Entry(kind.toLowerCase(Locale.ROOT)));
        entry.nanos += nanos;
        entry.flops += flops;
        entry.count++;
    }

    /** Totals by label, in the order of first execution. */
    public Map<String, Entry> entries() {
        return Collections.unmodifiableMap(entries);
    }
}

package org.patchdiffusion.model.engine.compiled;

import java.util.LinkedHashMap;
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

    void add(Step step, long nanos) {
        Entry entry = entries.computeIfAbsent(
                step.label(), label -> new Entry(step.kind().name().toLowerCase(java.util.Locale.ROOT)));
        entry.nanos += nanos;
        entry.flops += step.flops();
        entry.count++;
    }

    /** Totals by label, in the order of first execution. */
    public Map<String, Entry> entries() {
        return Map.copyOf(entries);
    }
}

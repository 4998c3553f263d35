package org.patchdiffusion.train;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.LongSupplier;

/** Charges all time of a run to the phase that it is in. */
final class PhaseClock {
    private static final double SECONDS = 1e-9;

    private final LongSupplier nanos;
    private final long[] spent = new long[Phase.values().length];
    private final long[] lapped = new long[spent.length];
    private Phase current = Phase.REPORT;
    private long since;

    /** Starts in {@link Phase#REPORT}. */
    PhaseClock(LongSupplier nanos) {
        this.nanos = nanos;
        this.since = nanos.getAsLong();
    }

    /** The phase changes now. */
    void enter(Phase next) {
        charge();
        current = next;
    }

    private void charge() {
        long now = nanos.getAsLong();
        spent[current.ordinal()] += now - since;
        since = now;
    }

    /** Seconds since the start. */
    double totalSeconds() {
        charge();
        return Arrays.stream(spent).sum() * SECONDS;
    }

    /** Nanoseconds since the start in which steps were taken. */
    long trainingNanos() {
        charge();
        long sum = 0;
        for (Phase phase : Phase.values()) {
            sum += phase.isTraining() ? spent[phase.ordinal()] : 0;
        }
        return sum;
    }

    /** Seconds of each phase since the last call. */
    Map<Phase, Double> lap() {
        charge();
        Map<Phase, Double> seconds = new EnumMap<>(Phase.class);
        for (Phase phase : Phase.values()) {
            int i = phase.ordinal();
            seconds.put(phase, (spent[i] - lapped[i]) * SECONDS);
            lapped[i] = spent[i];
        }
        return seconds;
    }
}

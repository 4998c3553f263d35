package org.patchdiffusion.examples.cli;

import java.io.PrintWriter;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.patchdiffusion.model.engine.Profile;

/**
 * A profile as a table for people: every step, then the split by kind of work.
 *
 * @param profile what one replica spent its time on
 * @param runs how many runs it covers
 * @param peak measured speed of large matrix products on one thread, in GFLOP/s
 */
record ProfileTable(Profile profile, int runs, double peak) {

    /** Time and work under one heading. */
    private record Total(double millis, double flops, long count) {
        Total plus(Profile.Entry entry, int runs) {
            return new Total(
                    millis + entry.nanos() * 1e-6 / runs,
                    flops + (double) entry.flops() / runs,
                    count + entry.count() / runs);
        }

        double gflops() {
            return millis == 0 ? 0 : flops * 1e-6 / millis;
        }
    }

    void print(PrintWriter people) {
        people.println(
                "one replica's steps; above 100% of the peak is Winograd, whose work is counted as direct convolution");
        people.println("    ms a run  share  GFLOP/s  of peak   runs  kind         step");
        Map<String, Total> kinds = new TreeMap<>();
        Total all = new Total(0, 0, 0);
        for (Profile.Entry entry : profile.entries().values()) {
            kinds.merge(entry.kind(), new Total(0, 0, 0).plus(entry, runs), (a, b) -> a.plus(entry, runs));
            all = all.plus(entry, runs);
        }
        double whole = all.millis();
        profile.entries().entrySet().stream()
                .sorted(Comparator.comparingLong(e -> -e.getValue().nanos()))
                .forEach(e -> row(
                        people,
                        new Total(0, 0, 0).plus(e.getValue(), runs),
                        whole,
                        e.getValue().kind(),
                        e.getKey()));
        kinds.forEach((kind, total) -> row(people, total, whole, kind, "all steps of this kind"));
        row(people, all, whole, "all", String.format(Locale.ROOT, "peak: %.1f GFLOP/s a thread", peak));
    }

    private void row(PrintWriter people, Total total, double whole, String kind, String step) {
        people.printf(
                Locale.ROOT,
                "%12.3f %5.1f%% %8.1f %7.0f%% %6d  %-11s  %s%n",
                total.millis(),
                100 * total.millis() / whole,
                total.gflops(),
                100 * total.gflops() / peak,
                total.count(),
                kind,
                step);
    }
}

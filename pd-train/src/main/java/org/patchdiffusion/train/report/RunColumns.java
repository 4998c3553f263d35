package org.patchdiffusion.train.report;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The columns of a run as a page shows them: thinned out, each made once. */
final class RunColumns {
    /** More points than a chart has pixels show nothing more. */
    static final int MOST_POINTS = 1000;

    private static final double SECONDS_AN_HOUR = 3600;

    private final RunFolder run;
    private final Map<String, double[]> made = new HashMap<>();
    private final double[] hours;

    RunColumns(RunFolder run) {
        this.run = run;
        double[] seconds = values("Timing/total_sec");
        hours = new double[seconds.length];
        for (int i = 0; i < hours.length; i++) {
            hours[i] = seconds[i] / SECONDS_AN_HOUR;
        }
    }

    String name() {
        return run.name();
    }

    List<String> keys() {
        return run.stats().keys();
    }

    boolean has(String key) {
        return keys().contains(key);
    }

    double[] values(String key) {
        return made.computeIfAbsent(key, k -> run.stats().thinned(k, MOST_POINTS));
    }

    /** Where the points are on each of {@link RunCharts#AXES}. */
    List<double[]> axes() {
        return List.of(values(RunStats.KIMG), hours);
    }

    /** Height of whole images; 0 if not known. */
    int height() {
        return run.options().path("model").path("height").asInt();
    }
}

package org.patchdiffusion.train.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the statistics of a run come to.
 *
 * @param stats the statistics
 */
record RunNumbers(RunStats stats) {
    /** Less than this share of all time is the rounding of the parts. */
    private static final double SMALLEST_OTHER = 1e-3;

    private static final String TICK_SECONDS = "Timing/sec_per_tick";
    private static final String SPEED = "Speed/images_per_sec";
    private static final String SPLIT = "Split/";
    /** What goes into taking steps. */
    private static final List<String> TRAINING = List.of("step_sec", "optimizer_sec", "data_sec");

    /**
     * How fast patches are against whole images, on the same run.
     *
     * @param all images a second of the run, patches counting as images
     * @param whole images a second of the steps on whole images
     */
    record Speedup(double all, double whole) {
        double factor() {
            return all / whole;
        }
    }

    /** Thousands of images counted. */
    double kimg() {
        return stats.last(RunStats.KIMG);
    }

    /** Seconds of training so far, NaN if not recorded. */
    double seconds() {
        return stats.last("Timing/total_sec");
    }

    /** Images a second of training over the whole run, patches counting as images; NaN if not recorded. */
    double imagesPerSecond() {
        return rate(SPEED);
    }

    /** The rate of a key over all ticks that have it, each weighed by its time of training. */
    private double rate(String key) {
        double[] rates = stats.values(key);
        double[] seconds = trainingSeconds();
        double images = 0;
        double time = 0;
        for (int i = 0; i < rates.length; i++) {
            if (Double.isFinite(rates[i])) {
                double weight = Double.isFinite(seconds[i]) ? seconds[i] : 1;
                images += rates[i] * weight;
                time += weight;
            }
        }
        return time > 0 ? images / time : Double.NaN;
    }

    /** Seconds of each tick in which steps were taken; all of them if the split is not recorded. */
    private double[] trainingSeconds() {
        double[] seconds = stats.values(TICK_SECONDS);
        List<double[]> parts =
                TRAINING.stream().map(part -> stats.values(SPLIT + part)).toList();
        for (int i = 0; i < seconds.length; i++) {
            int tick = i;
            double sum = parts.stream()
                    .mapToDouble(part -> part[tick])
                    .filter(Double::isFinite)
                    .sum();
            seconds[i] = sum > 0 ? sum : seconds[i];
        }
        return seconds;
    }

    /** Known if the run has steps on whole images and on patches. */
    Optional<Speedup> speedup() {
        int largest = 0;
        int sizes = 0;
        for (String key : stats.keys()) {
            int height = height(key);
            if (height > 0) {
                sizes++;
                largest = Math.max(largest, height);
            }
        }
        double whole = rate(SPEED + "/" + largest);
        double all = imagesPerSecond();
        return sizes > 1 && whole > 0 && Double.isFinite(all) ? Optional.of(new Speedup(all, whole)) : Optional.empty();
    }

    private static int height(String key) {
        return key.matches(SPEED + "/\\d{1,6}") ? Integer.parseInt(key.substring(SPEED.length() + 1)) : 0;
    }

    /** Ticks in which no step had a finite loss. */
    int ticksWithoutLoss() {
        int count = 0;
        for (double loss : stats.values("Loss/loss")) {
            count += Double.isFinite(loss) ? 0 : 1;
        }
        return count;
    }

    /** Seconds of the run by what they went into, the rest as "other"; empty if not recorded. */
    Map<String, Double> split() {
        Map<String, Double> split = new LinkedHashMap<>();
        Map<String, String> names = new LinkedHashMap<>();
        names.put("step_sec", "step");
        names.put("optimizer_sec", "optimizer");
        names.put("data_sec", "waiting for data");
        names.put("validation_sec", "validation");
        names.put("checkpoint_sec", "checkpoints");
        names.put("samples_sec", "drawing samples");
        names.put("report_sec", "report");
        double known = 0;
        for (String key : stats.keys()) {
            if (key.startsWith(SPLIT)) {
                names.putIfAbsent(key.substring(SPLIT.length()), key.substring(SPLIT.length()));
            }
        }
        for (Map.Entry<String, String> name : names.entrySet()) {
            double seconds = stats.sum(SPLIT + name.getKey());
            if (Double.isFinite(seconds)) {
                split.put(name.getValue(), seconds);
                known += seconds;
            }
        }
        double other = seconds() - known;
        if (!split.isEmpty() && other > SMALLEST_OTHER * known) {
            split.put("other", other);
        }
        return split;
    }

    /** The share of time that went neither into steps nor into drawing samples; NaN if not recorded. */
    double shareAroundTheStep() {
        Map<String, Double> split = split();
        double drawing = split.getOrDefault("drawing samples", 0.0);
        double all = split.values().stream().mapToDouble(Double::doubleValue).sum() - drawing;
        double step = split.getOrDefault("step", 0.0) + split.getOrDefault("optimizer", 0.0);
        return step > 0 ? 1 - step / all : Double.NaN;
    }
}

package org.patchdiffusion.train.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Which charts show the statistics of runs. Those of one run stand together by what they measure, such as the loss of each
 * patch size; several runs are compared key by key, with a colour for each run.
 */
final class RunCharts {
    static final List<String> AXES = List.of("images shown, in thousands", "hours");

    static final String LOSS_BY_PATCH_SIZE = "Loss by patch size";

    /** What would make a comparison long; the reader can still choose it. */
    private static final String NOT_COMPARED = "Split/.*|Validation/train_sigma/.*";

    private static final Pattern NUMBER = Pattern.compile("\\d+(\\.\\d+)?([eE]-?\\d+)?");

    /**
     * What is shown together.
     *
     * @param title heading of the chart
     * @param note a sentence below it
     * @param unit name of the vertical axis
     * @param keys pattern of the keys that belong to it
     * @param logY whether it is logarithmic at first
     */
    private record Group(String title, String note, String unit, String keys, boolean logY) {}

    private static final List<Group> GROUPS = List.of(
            new Group(
                    LOSS_BY_PATCH_SIZE,
                    "Training loss of the steps of each size, with the weights as they are.",
                    "loss per pixel and channel",
                    "Loss/(patch/\\d+|loss)",
                    false),
            new Group(
                    "Loss by noise level",
                    "Training loss of the images whose noise has a standard deviation in each range.",
                    "loss per pixel and channel",
                    "Loss/sigma/.*",
                    true),
            new Group(
                    "Validation by patch size",
                    "Loss of images that training does not see, with the averaged weights.",
                    "loss per pixel and channel",
                    "Validation/(patch/\\d+|loss)",
                    false),
            new Group(
                    "Validation by noise level",
                    "The same of whole images at each standard deviation of the noise; dashed: of images of the training set.",
                    "loss per pixel and channel",
                    "Validation/(train_)?sigma/.*",
                    true),
            new Group(
                    "Memorisation",
                    "Mean distance to the nearest image of the training set. Samples much nearer to it than held-out images"
                            + " are, are copies.",
                    "distance",
                    "Memorisation/.*",
                    false),
            new Group(
                    "Speed",
                    "Patches count as images. All steps: over the whole time but that of drawing samples.",
                    "images a second",
                    "Speed/images_per_sec(/\\d+)?",
                    false),
            new Group("Split of the time", "Seconds of each tick.", "seconds", "Split/.*", false),
            new Group("Learning rate", "", "learning rate", "Loss/learning_rate", false),
            new Group("Memory", "", "GB", "Resources/.*", false));

    private final List<RunColumns> runs;

    RunCharts(List<RunColumns> runs) {
        this.runs = runs;
    }

    /** The charts, without those that no run has numbers for. */
    List<Chart> groups() {
        List<Chart> charts = new ArrayList<>();
        for (Group group : GROUPS) {
            List<String> keys = keys().filter(key -> key.matches(group.keys()))
                    .sorted(Comparator.comparing(RunCharts::isFine).thenComparingDouble(RunCharts::number))
                    .toList();
            if (keys.isEmpty()) {
                continue;
            }
            if (runs.size() == 1) {
                charts.add(chart(group.title(), group.note(), group, together(runs.get(0), keys)));
            } else {
                keys.stream()
                        .filter(key -> !key.matches(NOT_COMPARED))
                        .forEach(key -> charts.add(chart(title(group, key), "", group, compared(key))));
            }
        }
        return charts;
    }

    /** A chart for each key there is. */
    List<Chart> everything() {
        return keys().map(key -> new Chart(key, "", AXES, key, false, false, compared(key)))
                .toList();
    }

    private Stream<String> keys() {
        TreeSet<String> keys = new TreeSet<>();
        runs.forEach(run -> keys.addAll(run.keys()));
        return keys.stream();
    }

    private static Chart chart(String title, String note, Group group, List<Chart.Series> series) {
        return new Chart(title, note, AXES, group.unit(), false, group.logY(), series);
    }

    private String title(Group group, String key) {
        if (key.equals("Loss/loss")) {
            return "Loss";
        }
        String label = label(runs.get(0), key);
        return label.isEmpty() ? group.title() : group.title() + ": " + label;
    }

    /** Keys with a number in their name come after those of everything. */
    private static boolean isFine(String key) {
        return key.matches(".*/[\\d.]+([eE-].*)?");
    }

    private static double number(String key) {
        Matcher match = NUMBER.matcher(key.substring(key.lastIndexOf('/')));
        return match.find() ? Double.parseDouble(match.group()) : 0;
    }

    private static List<Chart.Series> together(RunColumns run, List<String> keys) {
        List<Chart.Series> series = new ArrayList<>();
        List<String> colours = new ArrayList<>();
        for (String key : keys) {
            String base = key.replace("train_sigma", "sigma");
            if (!colours.contains(base)) {
                colours.add(base);
            }
            String label = label(run, key);
            series.add(new Chart.Series(
                    label.isEmpty() && keys.size() > 1 ? "all" : label,
                    run.axes(),
                    run.values(key),
                    colours.indexOf(base),
                    !key.equals(base)));
        }
        return series;
    }

    private List<Chart.Series> compared(String key) {
        List<Chart.Series> series = new ArrayList<>();
        for (int i = 0; i < runs.size(); i++) {
            RunColumns run = runs.get(i);
            if (run.has(key)) {
                series.add(new Chart.Series(runs.size() == 1 ? "" : run.name(), run.axes(), run.values(key), i, false));
            }
        }
        return series;
    }

    /** What a key stands for inside its group; empty if for all of it. */
    private static String label(RunColumns run, String key) {
        String last = key.substring(key.lastIndexOf('/') + 1);
        if (key.matches("(Loss/patch|Validation/patch|Speed/images_per_sec)/\\d+")) {
            return last.equals(String.valueOf(run.height())) ? "whole images, " + last : "patches of " + last;
        }
        return switch (key) {
            case "Loss/loss", "Speed/images_per_sec", "Loss/learning_rate" -> "";
            case "Validation/loss" -> "whole images";
            case "Resources/cpu_mem_gb" -> "whole process";
            case "Resources/heap_gb" -> "Java heap";
            case "Memorisation/nearest_train" -> "of samples";
            case "Memorisation/nearest_heldout" -> "of held-out images";
            default -> label(key, last);
        };
    }

    private static String label(String key, String last) {
        if (key.startsWith("Validation/train_sigma/")) {
            return "σ " + last + ", training set";
        }
        if (key.contains("/sigma/")) {
            return "σ " + last;
        }
        return last.replaceAll("_sec$", "").replace('_', ' ');
    }
}

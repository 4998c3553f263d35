package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.patchdiffusion.data.DatasetOptions;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.LabelUse;
import org.patchdiffusion.data.stats.DatasetStatistics;
import org.patchdiffusion.data.stats.Duplicates;
import org.patchdiffusion.data.stats.Suggestion;
import org.patchdiffusion.data.stats.TrainingAdvice;
import org.patchdiffusion.examples.report.DatasetPage;
import org.patchdiffusion.files.Messages;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Tells what a data set is like. */
@Command(
        name = "stats",
        description = "Measures a data set (pixels, spectrum, distances, duplicates, classes) and suggests settings of"
                + " training, each with its reason. Prints one JSON object.")
final class DatasetStatsCommand implements Callable<Integer> {
    /** Duplicates that are named on the screen; the page and the JSON object have more. */
    private static final int SHOWN = 10;

    private static final int LISTED = 1000;

    @Spec
    CommandSpec spec;

    @Option(names = "--data", required = true, paramLabel = "PATH", description = "Data set: zip or folder of images.")
    Path data;

    @Option(
            names = "--outdir",
            paramLabel = "FOLDER",
            description = "Draws a page with pictures into this folder, stats.html.")
    Path outdir;

    @Option(
            names = "--sample",
            paramLabel = "N",
            defaultValue = "2000",
            converter = WholeNumber.Several.class,
            description = "Images whose distances and spectra are taken, at most.")
    int sample;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Decides which images are in the sample.")
    long seed;

    @Override
    public Integer call() throws IOException {
        if (outdir != null) {
            OutputFolders.require("--outdir", outdir);
        }
        try (ImageDataset dataset = open()) {
            DatasetStatistics statistics = measure(dataset);
            List<Suggestion> suggestions = TrainingAdvice.of(statistics);
            tell(dataset, statistics, suggestions);
            if (outdir != null) {
                Path page = DatasetPage.write(outdir, dataset, statistics, suggestions);
                spec.commandLine().getErr().println("wrote " + page);
            }
            JsonLine.print(spec.commandLine().getOut(), json(dataset, statistics, suggestions));
        }
        return 0;
    }

    private ImageDataset open() throws IOException {
        try (CountingBar bar = new CountingBar("reading " + data.getFileName())) {
            return ImageDataset.open(data, DatasetOptions.ALL.withLabels(LabelUse.IF_PRESENT), bar);
        }
    }

    private DatasetStatistics measure(ImageDataset dataset) {
        try (CountingBar bar = new CountingBar("measuring")) {
            return DatasetStatistics.of(dataset, sample, seed, bar);
        }
    }

    private void tell(ImageDataset dataset, DatasetStatistics statistics, List<Suggestion> suggestions) {
        PrintWriter people = spec.commandLine().getErr();
        people.println(dataset.description());
        dataset.remarks().forEach(people::println);
        Duplicates duplicates = statistics.duplicates();
        people.printf(
                Locale.ROOT,
                "duplicates: %s, %s%s among %s%n",
                Messages.count(duplicates.copies(), "exact copy", "exact copies"),
                duplicates.complete() ? "" : "at least ",
                Messages.count(duplicates.near().size(), "near pair"),
                Messages.count(duplicates.searched(), "image"));
        duplicates.exact().stream()
                .limit(SHOWN)
                .forEach(group -> people.println("  equal: "
                        + String.join(", ", names(dataset, group).subList(0, Math.min(group.size(), SHOWN)))));
        duplicates.near().stream()
                .limit(SHOWN)
                .forEach(pair -> people.println(
                        "  near:  " + String.join(", ", names(dataset, List.of(pair.first(), pair.second())))));
        people.println("suggested settings:");
        for (Suggestion suggestion : suggestions) {
            people.printf("  %-12s %s%n", suggestion.setting(), suggestion.value());
            people.println("      " + suggestion.reason());
        }
        people.flush();
    }

    private static List<String> names(ImageDataset dataset, List<Integer> images) {
        return images.stream().map(dataset::nameOf).toList();
    }

    private Map<String, Object> json(ImageDataset dataset, DatasetStatistics statistics, List<Suggestion> suggestions) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("images", dataset.size());
        json.put("width", dataset.width());
        json.put("height", dataset.height());
        json.put("channels", dataset.channels());
        json.put("mean", statistics.moments().mean());
        json.put("deviation", statistics.moments().deviation());
        json.put("channel_means", statistics.moments().channelMeans());
        json.put("channel_deviations", statistics.moments().channelDeviations());
        json.put("brightness_median", statistics.moments().brightness().median());
        json.put("spectrum_images", statistics.spectrum().images());
        double slope = statistics.spectrum().slope();
        json.put("spectrum_slope", Double.isNaN(slope) ? null : slope);
        json.put("distance_images", statistics.distances().images());
        json.put("largest_distance", statistics.distances().pairwise().max());
        json.put("median_distance", statistics.distances().pairwise().median());
        json.put("median_nearest_distance", statistics.distances().nearest().median());
        putDuplicates(json, dataset, statistics.duplicates());
        json.put("classes", statistics.classes());
        Map<String, Object> advice = new LinkedHashMap<>();
        suggestions.forEach(s -> advice.put(s.setting(), Map.of("value", s.value(), "reason", s.reason())));
        json.put("suggestions", advice);
        return json;
    }

    private static void putDuplicates(Map<String, Object> json, ImageDataset dataset, Duplicates duplicates) {
        json.put("exact_copies", duplicates.copies());
        json.put("near_pairs", duplicates.near().size());
        json.put("near_pairs_complete", duplicates.complete());
        json.put("duplicates_searched", duplicates.searched());
        json.put(
                "exact",
                duplicates.exact().stream()
                        .limit(LISTED)
                        .map(group -> names(dataset, group))
                        .toList());
        json.put(
                "near",
                duplicates.near().stream()
                        .limit(LISTED)
                        .map(pair -> names(dataset, List.of(pair.first(), pair.second())))
                        .toList());
    }
}

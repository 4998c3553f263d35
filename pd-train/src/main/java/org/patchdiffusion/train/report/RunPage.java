package org.patchdiffusion.train.report;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;

/** The page of one run, or of several beside each other. */
final class RunPage {
    private static final String NOT_KNOWN = "–";

    private final List<RunFolder> runs;
    private final boolean live;

    /**
     * A page to be made.
     *
     * @param runs what to show; at least one
     * @param live whether the run writes into its folder while the page is made
     */
    RunPage(List<RunFolder> runs, boolean live) {
        this.runs = runs;
        this.live = live;
    }

    /**
     * Makes the page.
     *
     * @throws IOException if a folder cannot be read
     */
    HtmlPage make() throws IOException {
        HtmlPage page = new HtmlPage(runs.size() == 1 ? runs.get(0).name() : runs.size() + " training runs");
        if (runs.size() == 1) {
            page.tiles(tiles(runs.get(0)));
        } else {
            page.numbers(columns("Run", runs), comparedNumbers());
        }
        remarks(page);
        page.tools(live);
        if (SheetViewer.isNeeded(runs)) {
            page.heading("Samples").html(SheetViewer.html(runs));
            page.note("The same seeds each time, drawn with the averaged weights.");
        }
        curves(page);
        if (runs.size() == 1) {
            one(page, runs.get(0));
        } else {
            differences(page);
        }
        return page;
    }

    private void remarks(HtmlPage page) {
        for (RunFolder run : runs) {
            for (String remark : run.remarks()) {
                page.note(runs.size() == 1 ? remark : run.name() + ": " + remark);
            }
        }
    }

    private void curves(HtmlPage page) {
        RunCharts charts = new RunCharts(runs.stream().map(RunColumns::new).toList());
        List<Chart> groups = charts.groups();
        if (groups.isEmpty()) {
            return;
        }
        page.heading("Curves").startCharts();
        groups.forEach(page::chart);
        page.chart(charts.everything()).endCharts();
        int stride = runs.stream()
                .mapToInt(run -> RunStats.stride(run.stats().size(), RunColumns.MOST_POINTS))
                .max()
                .orElse(1);
        page.note("Drag over a curve to zoom in, in all charts at once; double-click to see all of it."
                + (stride > 1 ? " Each point is the mean of up to " + stride + " ticks." : ""));
    }

    private void one(HtmlPage page, RunFolder run) throws IOException {
        split(page, new RunNumbers(run.stats()));
        page.heading("What was trained");
        page.facts(RunFacts.of(run.options()));
        String command = RunFacts.commandLine(run.options());
        if (!command.isEmpty()) {
            page.note("Started with");
            page.code(command);
        }
        next(page, run);
        Map<String, String> options = RunFacts.all(run.options());
        if (!options.isEmpty()) {
            page.startDetails("All options").facts(options).endDetails();
        }
        if (!run.log().lines().isEmpty()) {
            page.startDetails("End of the log")
                    .code(String.join("\n", run.log().lines()))
                    .endDetails();
        }
    }

    private static void next(HtmlPage page, RunFolder run) throws IOException {
        String folder = RunFacts.quote(run.path().toString());
        page.heading("What to type next");
        run.newestModel().ifPresent(model -> page.note("Draw images with the newest model")
                .code("pd generate --network " + RunFacts.quote(model.toString()) + " --seeds 0-63 --grid grid.png"));
        if (run.hasCheckpoint()) {
            page.note("Go on with the run").code("pd train --resume " + folder);
        }
        page.note("Make this page again, or compare runs").code("pd report " + folder + " [OTHER_RUN…]");
    }

    private static void split(HtmlPage page, RunNumbers numbers) {
        numbers.speedup().ifPresent(speedup -> page.heading("Speed")
                .text(text(
                        "Patches and whole images together: %,.0f images a second. Steps on whole images alone:"
                                + " %,.0f. That is %.2f times the images a second of training on whole images.",
                        speedup.all(), speedup.whole(), speedup.factor())));
        Map<String, Double> split = numbers.split();
        if (split.isEmpty()) {
            return;
        }
        double all = split.values().stream().mapToDouble(Double::doubleValue).sum();
        Map<String, List<String>> rows = new LinkedHashMap<>();
        split.forEach((name, seconds) ->
                rows.put(name, List.of(text("%,.1f", seconds), text("%.1f%%", 100 * seconds / all))));
        page.heading("Where the time went").html(SplitBar.html(split));
        page.numbers(List.of("", "seconds", "share"), rows);
        double around = numbers.shareAroundTheStep();
        if (Double.isFinite(around)) {
            page.note(text("Around the steps: %.1f%% of the time, that of drawing samples not counted.", 100 * around));
        }
    }

    Map<String, String> tiles(RunFolder run) {
        Map<String, String> tiles = new LinkedHashMap<>();
        numbers(run).forEach((name, value) -> {
            if (!value.equals(NOT_KNOWN)) {
                tiles.put(name, value);
            }
        });
        return tiles;
    }

    /** The same names for every run. */
    private Map<String, String> numbers(RunFolder run) {
        RunNumbers numbers = new RunNumbers(run.stats());
        Map<String, String> all = new LinkedHashMap<>();
        all.put("State", state(run));
        all.put("Images shown", number("%,.1f thousand", numbers.kimg()));
        all.put("Time", duration(numbers.seconds()));
        all.put("Loss", number("%.4f", run.stats().last("Loss/loss")));
        all.put("Validation loss", number("%.4f", run.stats().last("Validation/loss")));
        all.put("Images a second", number("%,.0f", numbers.imagesPerSecond()));
        all.put(
                "Against whole images",
                numbers.speedup()
                        .map(speedup -> text("%.2f times the images a second", speedup.factor()))
                        .orElse(NOT_KNOWN));
        all.put("Around the steps", number("%.1f%% of the time", 100 * numbers.shareAroundTheStep()));
        all.put("Learning rate", number("%.3g", run.stats().last("Loss/learning_rate")));
        all.put("Memory", number("%.2f GB", run.stats().last("Resources/cpu_mem_gb")));
        return all;
    }

    private String state(RunFolder run) {
        String end = run.log().end();
        if (!end.isEmpty()) {
            return end;
        }
        return live ? "training" : "no end in the log: it goes on or was killed";
    }

    private Map<String, List<String>> comparedNumbers() {
        Map<String, List<String>> rows = new LinkedHashMap<>();
        for (RunFolder run : runs) {
            numbers(run).forEach((name, value) -> rows.computeIfAbsent(name, n -> new ArrayList<>())
                    .add(value));
        }
        rows.values().removeIf(values -> values.stream().allMatch(NOT_KNOWN::equals));
        return rows;
    }

    private void differences(HtmlPage page) {
        List<Map<String, String>> options =
                runs.stream().map(run -> RunFacts.all(run.options())).toList();
        TreeSet<String> names = new TreeSet<>();
        options.forEach(all -> names.addAll(all.keySet()));
        List<List<String>> rows = new ArrayList<>();
        for (String name : names) {
            List<String> values = options.stream().map(all -> all.get(name)).toList();
            if (!values.stream().allMatch(value -> Objects.equals(value, values.get(0)))) {
                List<String> row = new ArrayList<>(List.of(name));
                values.forEach(value -> row.add(value == null ? NOT_KNOWN : value));
                rows.add(row);
            }
        }
        page.heading("Options that differ");
        if (rows.isEmpty()) {
            page.text("None.");
        } else {
            page.table(columns("Option", runs), rows);
        }
        page.heading("Command lines");
        for (RunFolder run : runs) {
            String command = RunFacts.commandLine(run.options());
            page.note(run.name() + (command.isEmpty() ? ": not recorded" : ""));
            if (!command.isEmpty()) {
                page.code(command);
            }
        }
    }

    private static List<String> columns(String first, List<RunFolder> runs) {
        List<String> columns = new ArrayList<>(List.of(first));
        runs.forEach(run -> columns.add(run.name()));
        return columns;
    }

    private static String number(String format, double value) {
        return Double.isFinite(value) ? text(format, value) : NOT_KNOWN;
    }

    private static String duration(double seconds) {
        if (!Double.isFinite(seconds)) {
            return NOT_KNOWN;
        }
        long whole = Math.round(seconds);
        return whole < 3600
                ? text("%d min %02d s", whole / 60, whole % 60)
                : text("%,d h %02d min", whole / 3600, whole % 3600 / 60);
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}

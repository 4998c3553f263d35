package org.patchdiffusion.train.watch;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.DoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Adds a line a tick to {@code log.txt}, of EDM's form {@code tick 3     kimg 12.5      time 1m 02s  …} with more columns to
 * the right.
 */
public final class LogFile implements StatsSink {

    /** A column of the tick lines. */
    private record Column(String label, String stat, int width, DoubleFunction<String> format) {
        static Column of(String label, String stat, int width, String format) {
            return new Column(label, stat, width, value -> String.format(Locale.ROOT, format, value));
        }

        String cell(double value) {
            String text = format.apply(value);
            return label + " " + text + " ".repeat(Math.max(0, width - text.length()));
        }
    }

    private static final Column[] COLUMNS = {
        Column.of("tick", "Progress/tick", 5, "%.0f"),
        Column.of("kimg", "Progress/kimg", 9, "%.1f"),
        new Column("time", "Timing/total_sec", 12, Durations::of),
        Column.of("sec/tick", "Timing/sec_per_tick", 7, "%.1f"),
        Column.of("sec/kimg", "Timing/sec_per_kimg", 7, "%.2f"),
        Column.of("maintenance", "Timing/maintenance_sec", 6, "%.1f"),
        Column.of("cpumem", "Resources/cpu_mem_gb", 6, "%.2f"),
        Column.of("loss", "Loss/loss", 8, "%.4f"),
        Column.of("images/sec", "Speed/images_per_sec", 7, "%.1f"),
        Column.of("lr", "Loss/learning_rate", 9, "%.3g"),
        Column.of("validation", "Validation/loss", 8, "%.4f"),
        Column.of("nearest", "Memorisation/nearest_train", 8, "%.4f"),
        Column.of("held-out", "Memorisation/nearest_heldout", 8, "%.4f")
    };

    private final LineFile file;

    /**
     * Writes into a folder.
     *
     * @param folder the run directory
     */
    public LogFile(Path folder) {
        file = new LineFile(folder.resolve("log.txt"));
    }

    @Override
    public void write(TickStats stats) throws IOException {
        file.add(Stream.of(COLUMNS)
                .flatMap(column -> stats.mean(column.stat()).map(column::cell).stream())
                .collect(Collectors.joining(" "))
                .stripTrailing());
    }
}

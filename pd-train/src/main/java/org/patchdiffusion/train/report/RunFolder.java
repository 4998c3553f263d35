package org.patchdiffusion.train.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What the files of a run's folder say: settings, statistics, pictures and the end of the log. Nothing else is known of a
 * run, so that one that was killed tells as much as one that is going on. Not thread-safe.
 */
final class RunFolder {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String OPTIONS = "training_options.json";
    private static final String STATS = "stats.jsonl";
    private static final long LARGEST_OPTIONS = 4 << 20;
    private static final Pattern MODEL = Pattern.compile("model-\\d{1,12}(_\\d{3})?\\.safetensors");

    private final Path path;
    private final StatsFile statistics;
    private final SheetShelf shelf;
    private final LogTail log;
    private JsonNode options = MissingNode.getInstance();
    private String optionsRemark = "";

    private RunFolder(Path path) {
        this.path = path;
        statistics = new StatsFile(path.resolve(STATS));
        shelf = new SheetShelf(path);
        log = new LogTail(path.resolve("log.txt"));
    }

    /**
     * Takes a folder as that of a run that writes into it now; nothing is read before {@link #refresh}.
     *
     * @param path the folder, which may still be empty
     */
    static RunFolder live(Path path) {
        return new RunFolder(path);
    }

    /**
     * Opens the folder of a run and reads it.
     *
     * @throws IOException if it is no such folder, or cannot be read; the message says what to name instead
     */
    static RunFolder open(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            throw new IOException(path + (Files.exists(path) ? " is a file" : " is not there")
                    + "; name the folder of a run, such as runs/00000-…");
        }
        if (!isRun(path)) {
            throw new IOException(path + " is not the folder of a run: it has neither " + OPTIONS + " nor " + STATS
                    + inner(path).map(run -> "; did you mean " + run + "?").orElse(""));
        }
        RunFolder folder = new RunFolder(path);
        folder.refresh();
        return folder;
    }

    private static boolean isRun(Path path) {
        return Files.isRegularFile(path.resolve(OPTIONS)) || Files.isRegularFile(path.resolve(STATS));
    }

    /** The newest run inside a folder of runs. */
    private static Optional<Path> inner(Path path) throws IOException {
        try (Stream<Path> files = Files.list(path)) {
            return files.filter(RunFolder::isRun).max(Path::compareTo);
        }
    }

    /**
     * Reads what is new.
     *
     * @throws IOException if a file cannot be read
     */
    void refresh() throws IOException {
        statistics.refresh();
        shelf.refresh();
        log.refresh();
        Path file = path.resolve(OPTIONS);
        if (options.isMissingNode() && Files.exists(file)) {
            readOptions(file);
        }
    }

    private void readOptions(Path file) throws IOException {
        if (Files.size(file) > LARGEST_OPTIONS) {
            optionsRemark = OPTIONS + " is left out: it is larger than any that this toolkit writes.";
            return;
        }
        try {
            options = JSON.readTree(Files.readAllBytes(file));
            optionsRemark = "";
        } catch (JsonProcessingException e) {
            optionsRemark = OPTIONS + " is left out: it is damaged, line "
                    + e.getLocation().getLineNr() + ".";
        }
    }

    /** The name of the folder. */
    String name() {
        Path name = path.toAbsolutePath().normalize().getFileName();
        return name == null ? path.toString() : name.toString();
    }

    Path path() {
        return path;
    }

    /** All settings; a missing node if there are none. */
    JsonNode options() {
        return options;
    }

    RunStats stats() {
        return statistics.stats();
    }

    SheetShelf sheets() {
        return shelf;
    }

    LogTail log() {
        return log;
    }

    /**
     * The newest model.
     *
     * @throws IOException if the folder cannot be read
     */
    Optional<Path> newestModel() throws IOException {
        try (Stream<Path> files = Files.list(path)) {
            return files.filter(
                            file -> MODEL.matcher(file.getFileName().toString()).matches())
                    .max(Path::compareTo);
        }
    }

    /**
     * Whether it has a checkpoint to go on from.
     *
     * @throws IOException if the folder cannot be read
     */
    boolean hasCheckpoint() throws IOException {
        try (Stream<Path> files = Files.list(path)) {
            return files.anyMatch(file -> file.getFileName().toString().matches("checkpoint-\\d+"));
        }
    }

    /** What the reader of a page should know of the files, a sentence each. */
    List<String> remarks() {
        List<String> remarks = new ArrayList<>();
        if (options.isMissingNode() && optionsRemark.isEmpty()) {
            remarks.add("There is no " + OPTIONS + ": what was trained on what is not known.");
        }
        if (!optionsRemark.isEmpty()) {
            remarks.add(optionsRemark);
        }
        remarks.addAll(statistics.remarks());
        if (stats().size() == 0) {
            remarks.add("There are no statistics yet: " + STATS + " has no whole line.");
        }
        int without = new RunNumbers(stats()).ticksWithoutLoss();
        if (without > 0 && stats().keys().contains("Loss/loss")) {
            remarks.add("In " + without + " of " + stats().size() + " ticks no step had a finite loss.");
        }
        double steps = stats().sum("Loss/non_finite_steps");
        if (steps > 0) {
            remarks.add(String.format(
                    Locale.ROOT, "In %,.0f steps the loss or some of its gradient was not finite.", steps));
        }
        remarks.addAll(shelf.remarks());
        return remarks;
    }
}

package org.patchdiffusion.train.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.patchdiffusion.train.StopReason;
import org.patchdiffusion.train.TrainingListener;
import org.patchdiffusion.train.TrainingTick;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the page of a run, {@code report.html}: samples over time beside real images, curves, speed, options and what to
 * do next, in one file that needs nothing beside it. As a listener it writes the page again at each tick; it must be added
 * after what writes the files that it reads. A page that cannot be written is a warning in the log, never the end of the
 * training.
 *
 * <p>A tick that comes too soon leaves the page as it is, so that the report takes at most a hundredth of
 * the time. Not thread-safe.
 */
public final class RunReport implements TrainingListener {
    /** Name of the page in the folder of a run. */
    public static final String FILE = "report.html";

    private static final Logger LOG = LoggerFactory.getLogger(RunReport.class);
    /** The next page waits this many times as long as the last one took. */
    private static final long PAUSE = 100;

    private final RunFolder folder;
    private final LongSupplier nanoTime;
    private long notBefore;
    private long spent;
    private boolean written;

    /**
     * The report of a run that is to begin.
     *
     * @param folder the run's folder
     */
    public RunReport(Path folder) {
        this(folder, System::nanoTime);
    }

    RunReport(Path folder, LongSupplier nanoTime) {
        this.folder = RunFolder.live(folder);
        this.nanoTime = nanoTime;
    }

    /**
     * Makes the page of runs that have ended, were killed, or go on.
     *
     * @param runs their folders; with several, the page compares them
     * @param file the page; one that is there is replaced
     * @return what the reader should know of the files, such as a line that is not finished
     * @throws IOException if a folder is not that of a run, a file cannot be read, or the page cannot be written
     * @throws IllegalArgumentException if there is no run
     */
    public static List<String> write(List<Path> runs, Path file) throws IOException {
        if (runs.isEmpty()) {
            throw new IllegalArgumentException("got no run, expected at least one to report on");
        }
        List<RunFolder> folders = new ArrayList<>();
        List<String> remarks = new ArrayList<>();
        for (Path run : runs) {
            RunFolder folder = RunFolder.open(run);
            folders.add(folder);
            folder.remarks().forEach(remark -> remarks.add(folder.name() + ": " + remark));
        }
        new RunPage(folders, false).make().write(file);
        return remarks;
    }

    /**
     * What was trained on what, and what came of it, for a page of one's own.
     *
     * @throws IOException if the folder is not that of a run, or cannot be read
     */
    public static Map<String, String> facts(Path run) throws IOException {
        RunFolder folder = RunFolder.open(run);
        Map<String, String> facts = RunFacts.of(folder.options());
        facts.putAll(new RunPage(List.of(folder), false).tiles(folder));
        return facts;
    }

    /**
     * The training loss of a run by patch size, as a chart; none if it has no statistics.
     *
     * @throws IOException if the folder is not that of a run, or cannot be read
     */
    public static Optional<Chart> lossByPatchSize(Path run) throws IOException {
        RunCharts charts = new RunCharts(List.of(new RunColumns(RunFolder.open(run))));
        return charts.groups().stream()
                .filter(chart -> chart.title().equals(RunCharts.LOSS_BY_PATCH_SIZE))
                .findFirst();
    }

    @Override
    public void tick(TrainingTick tick) {
        if (!written || nanoTime.getAsLong() - notBefore >= 0) {
            refresh(true);
        }
    }

    @Override
    public void finished(StopReason reason) {
        refresh(false);
    }

    @Override
    public void failed(Exception cause) {
        refresh(false);
    }

    private void refresh(boolean live) {
        long start = nanoTime.getAsLong();
        try {
            folder.refresh();
            new RunPage(List.of(folder), live).make().write(folder.path().resolve(FILE));
        } catch (IOException | RuntimeException e) {
            LOG.warn("the report was not written: {}", e.getMessage());
        }
        long end = nanoTime.getAsLong();
        spent += end - start;
        // The first time is slow because classes are loaded, and tells nothing of the next.
        notBefore = written ? end + PAUSE * (end - start) : end;
        written = true;
    }

    /** Seconds that the report has taken so far. */
    public double seconds() {
        return spent * 1e-9;
    }
}

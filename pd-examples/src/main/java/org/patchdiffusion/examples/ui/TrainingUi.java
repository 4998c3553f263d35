package org.patchdiffusion.examples.ui;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.deeplearning4j.core.storage.StatsStorage;
import org.deeplearning4j.ui.model.storage.InMemoryStatsStorage;
import org.patchdiffusion.train.TrainingListener;
import org.patchdiffusion.train.TrainingRun;
import org.patchdiffusion.train.checkpoint.TrainingState;
import org.patchdiffusion.train.step.StepResult;

/**
 * Shows a run in DL4J's training UI while it goes on: the loss, how large the updates of each block are beside its weights,
 * speed and memory. Serves browsers on this machine until it is closed.
 *
 * <p>A point a second at most, and less often the longer the run is, so that a run of a week fills no memory.
 */
public final class TrainingUi implements TrainingListener, AutoCloseable {

    private static final long LEAST_INTERVAL = TimeUnit.SECONDS.toNanos(1);

    /** So many points later the interval doubles. */
    private static final int POINTS_AT_AN_INTERVAL = 1000;

    /** Measuring the weights takes at most this share of the time. */
    private static final int COST_SHARE = 50;

    private final StatsStorage storage = new InMemoryStatsStorage();
    private String session = "training";
    private final UiServer server;
    /** Null before the start. */
    private UiReports reports;

    private TrainingState state;
    private TrainingRun run;

    private long start;
    private long lastPoint;
    private long interval = LEAST_INTERVAL;
    private long lastTime;
    private int points;
    private long images;
    private long steps;
    private double lossSum;
    private long lossCount;

    private TrainingUi(int port) throws IOException {
        server = UiServer.start(port, storage);
    }

    /**
     * Starts to serve.
     *
     * @param port where to listen, 1 to 65535, or 0 for any free one
     * @throws IOException if the port is taken
     */
    public static TrainingUi start(int port) throws IOException {
        return new TrainingUi(port);
    }

    /** Names the run before it starts, such as by its folder. */
    public TrainingUi session(String name) {
        session = name;
        return this;
    }

    /** Where to point a browser. */
    public String address() {
        return server.address();
    }

    @Override
    public void started(TrainingRun started) {
        run = started;
        reports = new UiReports(session);
        start = System.nanoTime();
        lastPoint = start - interval;
    }

    @Override
    public void ready(TrainingState value) {
        state = value;
    }

    @Override
    public void stepDone(StepResult step) {
        steps++;
        images += step.imagesShown();
        if (Double.isFinite(step.lossPerElement())) {
            lossSum += step.lossPerElement();
            lossCount++;
        }
        long now = System.nanoTime();
        // Without a loss, or without an update at the start of a ramp-up, the charts would fall to zero.
        if (lossCount > 0 && step.learningRate() > 0 && now - lastPoint >= interval) {
            point(step, now);
        }
    }

    private void point(StepResult step, long now) {
        LayerMagnitudes magnitudes = LayerMagnitudes.of(state, run.training(), step.learningRate());
        if (points == 0) {
            storage.putStaticInfo(reports.start(run, magnitudes.weights().size(), time()));
        }
        long cost = System.nanoTime() - now;
        UiReports.Progress progress = new UiReports.Progress(
                step.step() + 1,
                lossSum / lossCount,
                step.learningRate(),
                TimeUnit.NANOSECONDS.toMillis(now - start),
                images,
                steps);
        storage.putUpdate(reports.point(progress, magnitudes, time(), (int) TimeUnit.NANOSECONDS.toMillis(cost)));
        points++;
        lossSum = 0;
        lossCount = 0;
        lastPoint = now;
        long doublings = Math.min(points / POINTS_AT_AN_INTERVAL, 20);
        interval = Math.max(LEAST_INTERVAL << doublings, cost * COST_SHARE);
    }

    /** Milliseconds since the epoch, later for each report: the storage knows them by their time. */
    private long time() {
        lastTime = Math.max(lastTime + 1, System.currentTimeMillis());
        return lastTime;
    }

    /** Ends the server and frees what it shows. */
    @Override
    public void close() {
        server.close();
    }
}

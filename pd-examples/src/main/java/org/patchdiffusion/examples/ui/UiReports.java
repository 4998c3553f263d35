package org.patchdiffusion.examples.ui;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.ui.model.stats.api.StatsInitializationReport;
import org.deeplearning4j.ui.model.stats.api.StatsReport;
import org.deeplearning4j.ui.model.stats.api.StatsType;
import org.deeplearning4j.ui.model.stats.impl.java.JavaStatsInitializationReport;
import org.deeplearning4j.ui.model.stats.impl.java.JavaStatsReport;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.train.TrainingRun;

/** Makes the reports that DL4J's UI reads, which DL4J's own listener makes for its own networks only. */
final class UiReports {

    /** What the UI takes reports of training by: the value of StatsListener.TYPE_ID. */
    private static final String TYPE = "StatsListener";

    private static final String WORKER = "trainer";

    private final String session;
    private final long processId = ProcessHandle.current().pid();

    /** @param session name of the run */
    UiReports(String session) {
        this.session = session;
    }

    /**
     * What stays the same during a run.
     *
     * @param layers number of the network's blocks
     */
    StatsInitializationReport start(TrainingRun run, int layers, long time) {
        StatsInitializationReport report = new JavaStatsInitializationReport();
        report.reportIDs(session, TYPE, WORKER, time);
        report.reportSoftwareInfo(
                System.getProperty("os.arch"),
                System.getProperty("os.name"),
                System.getProperty("java.vm.name"),
                System.getProperty("java.version"),
                System.getProperty("java.specification.version"),
                Nd4j.getBackend().getClass().getSimpleName() + ", engine " + run.engine(),
                "FLOAT",
                host(),
                String.valueOf(processId),
                Map.of());
        report.reportHardwareInfo(
                Runtime.getRuntime().availableProcessors(),
                0,
                Runtime.getRuntime().maxMemory(),
                Pointer.maxPhysicalBytes(),
                new long[0],
                new String[0],
                host());
        report.reportModelInfo("DiffusionModel", "{}", new String[0], layers, run.parameters());
        return report;
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }

    /**
     * A point of the charts.
     *
     * @param step number of steps taken since training began
     * @param loss mean loss an element since the last report
     * @param runMillis time since the run began
     * @param images images shown in that time, patches counting as images
     * @param steps steps taken in that time
     */
    record Progress(long step, double loss, double learningRate, long runMillis, long images, long steps) {}

    StatsReport point(Progress progress, LayerMagnitudes magnitudes, long time, int collectionMillis) {
        StatsReport report = new JavaStatsReport();
        report.reportIDs(session, TYPE, WORKER, time);
        report.reportIterationCount(Math.toIntExact(progress.step()));
        report.reportStatsCollectionDurationMS(collectionMillis);
        report.reportScore(progress.loss());
        report.reportLearningRates(Map.of("all", progress.learningRate()));
        report.reportMemoryUse(
                Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory(),
                Runtime.getRuntime().maxMemory(),
                Pointer.physicalBytes(),
                Pointer.maxPhysicalBytes(),
                new long[0],
                new long[0]);
        double seconds = Math.max(1, progress.runMillis()) / 1000.0;
        report.reportPerformance(
                progress.runMillis(),
                progress.images(),
                progress.steps(),
                progress.images() / seconds,
                progress.steps() / seconds);
        report.reportMeanMagnitudes(StatsType.Parameters, magnitudes.weights());
        report.reportMeanMagnitudes(StatsType.Updates, magnitudes.updates());
        report.reportStdev(StatsType.Updates, magnitudes.deviations());
        return report;
    }
}

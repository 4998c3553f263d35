package org.patchdiffusion.train;

import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows on standard error how far training is, images shown per second, the smoothed loss, and the time left. */
public final class ConsoleProgress implements TrainingListener {

    /** Weight of the newest step in the smoothed figures. */
    private static final double SMOOTHING = 0.02;

    private final Duration budget;
    private ProgressBar bar;
    private long start;
    private long steps;
    private long shown;
    private double smoothedLoss;

    /**
     * Makes a progress bar.
     *
     * @param budget the wall-clock budget that training will stop at; null if it goes by the number of images
     */
    public ConsoleProgress(Duration budget) {
        this.budget = budget;
    }

    @Override
    public void started(TrainingRun run) {
        start = System.nanoTime();
        ProgressBarBuilder builder = new ProgressBarBuilder()
                .setTaskName("training")
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(1000)
                .setConsumer(new ConsoleProgressBarConsumer(System.err));
        if (budget == null) {
            builder.setInitialMax((long) (run.training().durationKimg() * 1000))
                    .setUnit(" images", 1)
                    .startsFrom(run.startImages(), Duration.ZERO);
        } else {
            builder.setInitialMax(budget.toSeconds()).setUnit(" s", 1);
        }
        bar = builder.build();
    }

    @Override
    public void stepDone(StepResult step) {
        double seconds = (System.nanoTime() - start) * 1e-9;
        steps++;
        shown += step.imagesShown();
        if (Double.isFinite(step.lossPerElement())) {
            // The first steps weigh as in a plain mean, or the first one would linger.
            double weight = Math.max(SMOOTHING, 1.0 / steps);
            smoothedLoss += weight * (step.lossPerElement() - smoothedLoss);
        }
        bar.stepTo(budget == null ? step.images() : (long) seconds);
        bar.setExtraMessage(String.format(Locale.ROOT, "  %.0f images/s  loss %.4f", shown / seconds, smoothedLoss));
    }

    @Override
    public void finished(StopReason reason) {
        bar.close();
    }

    @Override
    public void failed(Exception cause) {
        if (bar != null) {
            bar.close();
        }
    }
}

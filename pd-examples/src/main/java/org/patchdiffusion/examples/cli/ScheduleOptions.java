package org.patchdiffusion.examples.cli;

import java.time.Duration;
import org.patchdiffusion.train.config.TrainingConfig;
import picocli.CommandLine.Option;

/** How long to train, and how often to write. */
final class ScheduleOptions implements HelpSection {
    private static final double KIMG_PER_MIMG = 1000;
    private static final double MILLIS_PER_MINUTE = 60_000;

    @Option(
            names = "--duration",
            paramLabel = "MIMG",
            defaultValue = "200",
            converter = RealNumber.Positive.class,
            description = "Length of the run.")
    double duration;

    @Option(
            names = "--max-minutes",
            paramLabel = "MINUTES",
            converter = RealNumber.Positive.class,
            description = "Ends training after this time if --duration has not ended it before.")
    Double maxMinutes;

    @Option(
            names = "--tick",
            paramLabel = "KIMG",
            defaultValue = "50",
            converter = RealNumber.Positive.class,
            description = "Length of a tick, after each of which statistics are written.")
    double tick;

    @Option(
            names = "--snap",
            paramLabel = "TICKS",
            defaultValue = "50",
            converter = WholeNumber.NotNegative.class,
            description = "Interval of models and samples; 0 for the end only.")
    int snap;

    @Option(
            names = "--dump",
            paramLabel = "TICKS",
            defaultValue = "500",
            converter = WholeNumber.NotNegative.class,
            description = "Interval of checkpoints, from which --resume goes on; 0 for none by ticks.")
    int dump;

    @Option(
            names = "--dump-minutes",
            paramLabel = "MINUTES",
            defaultValue = "10",
            converter = RealNumber.NotNegative.class,
            description = "Time after which a checkpoint is written if --dump has not asked for one; 0 for no time.")
    double dumpMinutes;

    @Override
    public String heading() {
        return """
                Length and intervals. Images shown are counted in MIMG (millions) and KIMG
                (thousands), a patch as one image. TICKS count intervals of --tick.""";
    }

    /** Sets the settings of these options. */
    void applyTo(TrainingConfig.Builder settings) {
        settings.durationKimg(duration * KIMG_PER_MIMG)
                .tickKimg(tick)
                .snapshotKimg(snap * tick)
                .checkpointKimg(dump * tick)
                .checkpointMinutes(dumpMinutes);
    }

    /** What {@code --max-minutes} allows; null for any time. */
    Duration budget() {
        return maxMinutes == null ? null : Duration.ofMillis((long) (maxMinutes * MILLIS_PER_MINUTE));
    }
}

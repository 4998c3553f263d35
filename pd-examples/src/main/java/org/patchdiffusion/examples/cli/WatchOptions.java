package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.patchdiffusion.data.DatasetSplit;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PixelType;
import org.patchdiffusion.examples.ui.TrainingUi;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.train.TrainingListener;
import org.patchdiffusion.train.checkpoint.Checkpoint;
import org.patchdiffusion.train.config.TrainingConfig;
import org.patchdiffusion.train.report.RunReport;
import org.patchdiffusion.train.report.SampleSheets;
import org.patchdiffusion.train.watch.ConsoleProgress;
import org.patchdiffusion.train.watch.EventFile;
import org.patchdiffusion.train.watch.LogFile;
import org.patchdiffusion.train.watch.Memorisation;
import org.patchdiffusion.train.watch.StatsCollector;
import org.patchdiffusion.train.watch.StatsFile;
import org.patchdiffusion.train.watch.Validation;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How a run is watched: what is measured and drawn on the way. */
final class WatchOptions implements HelpSection {

    /** More would make ticks longer and hardly any more exact. */
    private static final int MOST_HELD_OUT = 256;

    /** Fixed, so that runs of other seeds hold out the same images and can be compared. */
    private static final long SPLIT_SEED = 0;

    /**
     * What it costs to measure a held-out image, in images trained on: five noise levels of the whole image and its smaller
     * patches, forward only, where the average image trained on is a patch of a third of its cost.
     */
    private static final double COST_OF_A_HELD_OUT_IMAGE = 6;

    private static final double MOST_SHARE = 0.04;
    private static final int MOST_TICKS = 1000;

    @Spec(Spec.Target.MIXEE)
    CommandSpec command;

    @Option(
            names = "--samples",
            paramLabel = "N",
            defaultValue = "64",
            converter = WholeNumber.NotNegative.class,
            description = "Images to draw at each snapshot.")
    int samples;

    @Option(
            names = "--val",
            paramLabel = "SHARE",
            defaultValue = "0.02",
            converter = RealNumber.Part.class,
            description =
                    "Share of the images to keep out of training, 0 to below 1 and 256 images at most, to measure the"
                            + " loss of as often as costs little, and to compare samples with.")
    double share;

    @Option(
            names = "--ui",
            paramLabel = "PORT",
            converter = WholeNumber.Port.class,
            description = "Show the run in DL4J's training UI while it goes on, to browsers on this machine:"
                    + " http://127.0.0.1:PORT/train. 9000 is usual.")
    Integer uiPort;

    @Override
    public String heading() {
        return "Watching";
    }

    /**
     * The images to train on and those held out; empty if all are trained on. A run that goes on has the images that it had,
     * unless others are asked for.
     *
     * @param checkpoint where the run goes on; null for a fresh one
     */
    Optional<DatasetSplit> split(ImageDataset all, DataOptions data, Checkpoint checkpoint) {
        boolean given = GivenOptions.of(command).contains("--val");
        if (data.holdOutEvery != null) {
            if (given) {
                throw new ParameterException(
                        command.commandLine(), "--val and --hold-out-every both keep images out; give one of them");
            }
            return Optional.of(data.split(all));
        }
        boolean trainedOnAll =
                checkpoint != null && checkpoint.dataFingerprint().equals(all.fingerprint());
        int count = (int) Math.min(MOST_HELD_OUT, Math.round(share * all.size()));
        if (count == 0 || trainedOnAll && !given) {
            return Optional.empty();
        }
        return Optional.of(all.split((double) count / all.size(), SPLIT_SEED));
    }

    /** The training UI, if it is asked for; close it after the run. */
    Optional<TrainingUi> ui() throws IOException {
        if (uiPort == null) {
            return Optional.empty();
        }
        try {
            TrainingUi ui = TrainingUi.start(uiPort);
            command.commandLine().getErr().println("training UI: " + ui.address());
            return Optional.of(ui);
        } catch (IOException e) {
            throw new IOException("--ui " + uiPort + ": " + e.getMessage(), e);
        }
    }

    /**
     * The interval that is set, or a longer one where ticks are so short that measuring at each would take more than some
     * 4% of the time. All measured images are looked at each time, so that the numbers of all ticks can be compared.
     */
    private static int everyTicks(TrainingConfig settings) {
        double share = COST_OF_A_HELD_OUT_IMAGE
                * settings.validation().heldOut()
                / (settings.intervals().tickKimg() * 1000);
        return Math.max(settings.validation().everyTicks(), (int) Math.min(MOST_TICKS, Math.ceil(share / MOST_SHARE)));
    }

    /** Everything that watches a run. */
    List<TrainingListener> listeners(
            Path folder,
            Engine engine,
            TrainingConfig settings,
            ImageDataset images,
            Optional<DatasetSplit> split,
            Duration budget) {
        StatsCollector.Builder statistics = StatsCollector.builder();
        EventFile events = new EventFile(folder);
        ConsoleProgress progress = new ConsoleProgress(System.err, System.console() != null, samples, budget);
        List<TrainingListener> listeners = new ArrayList<>(List.of(progress));
        if (split.isPresent() && settings.validation().everyTicks() > 0) {
            Validation validation = new Validation(
                    split.get().heldOut(), engine, settings.validation().heldOut(), everyTicks(settings));
            listeners.add(validation);
            statistics.from(validation);
        }
        if (samples > 0) {
            SampleSheets.Builder sheets = SampleSheets.builder(folder, engine, samples)
                    .reals(images)
                    .progress((step, steps, sigma, x) -> progress.drawing(step, steps));
            if (split.isPresent() && images.description().pixels() == PixelType.UINT8) {
                Memorisation memorisation = new Memorisation(split.get(), samples, settings.seed());
                sheets.drawn(memorisation::drawn);
                statistics.from(memorisation);
            }
            listeners.add(sheets.build());
        }
        statistics.to(new StatsFile(folder)).to(new LogFile(folder)).to(events);
        listeners.addAll(List.of(events, statistics.build(), new RunReport(folder)));
        return listeners;
    }
}

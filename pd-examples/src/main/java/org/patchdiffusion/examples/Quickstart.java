package org.patchdiffusion.examples;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.LongStream;
import me.tongfei.progressbar.ProgressBar;
import org.patchdiffusion.data.DatasetSplit;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.ProgressListener;
import org.patchdiffusion.data.Purpose;
import org.patchdiffusion.data.RandomStream;
import org.patchdiffusion.eval.ImageGrid;
import org.patchdiffusion.eval.Images;
import org.patchdiffusion.eval.SeededImages;
import org.patchdiffusion.examples.cli.LibraryChatter;
import org.patchdiffusion.examples.cli.Progress;
import org.patchdiffusion.files.AtomicFile;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Engines;
import org.patchdiffusion.train.Trainer;
import org.patchdiffusion.train.TrainingResult;
import org.patchdiffusion.train.config.TrainingConfig;
import org.patchdiffusion.train.report.HtmlPage;
import org.patchdiffusion.train.report.RunReport;
import org.patchdiffusion.train.run.RunDirectory;
import org.patchdiffusion.train.watch.ConsoleProgress;
import org.patchdiffusion.train.watch.LogFile;
import org.patchdiffusion.train.watch.StatsCollector;
import org.patchdiffusion.train.watch.StatsFile;

/**
 * From nothing to pictures: trains a small model on the embedded 32x32 emoji, patch by patch, draws 64 new ones, and
 * writes a page about it.
 *
 * <p>Run it with {@code mvn -Pquickstart}. It trains for 8 minutes, or as many as {@code -Dquickstart.minutes=N} says, with
 * a progress bar, then samples for some seconds. At the end it prints where the page, the pictures and the model are: a
 * numbered folder in {@code runs/}. After 8 minutes on a few cores the samples are emoji-like shapes; a tenth of that is
 * enough for coloured blobs on white.
 */
public final class Quickstart {
    private static final String DATA = "noto-emoji-32x32.zip";
    private static final double DEFAULT_MINUTES = 8;

    private Quickstart() {}

    /** Trains, draws and reports. */
    public static void main(String[] arguments) {
        LibraryChatter.keepOffStandardOutput();
        int code = 0;
        try {
            run(Path.of("runs"), minutes(System.getProperty("quickstart.minutes")));
        } catch (IOException | RuntimeException e) {
            System.err.println("quickstart: error: " + (e.getMessage() == null ? e : e.getMessage()));
            code = 1;
        }
        System.exit(code);
    }

    private static double minutes(String property) {
        try {
            double minutes = property == null ? DEFAULT_MINUTES : Double.parseDouble(property);
            if (minutes > 0 && minutes <= 60 * 24) {
                return minutes;
            }
        } catch (NumberFormatException e) {
            // Said below, as for a number out of range.
        }
        throw new IllegalArgumentException(
                "-Dquickstart.minutes=" + property + ": expected the minutes to train, above 0 and at most a day");
    }

    /**
     * Trains for some minutes and writes everything into a new run directory.
     *
     * @param runs folder of all runs; made if missing
     * @return the run directory
     * @throws IOException if something cannot be written
     */
    static Path run(Path runs, double minutes) throws IOException {
        Files.createDirectories(runs);
        Path zip = unpackData(runs);
        Duration budget = Duration.ofMillis((long) (minutes * 60_000));
        try (Engine engine = Engines.best();
                ImageDataset images = ImageDataset.open(zip, QuickstartConfig.data(), ProgressListener.NONE)) {
            DatasetSplit split = images.everyNth(QuickstartConfig.HOLD_OUT_EVERY);
            ImageDataset training = split.training();
            TrainingConfig settings = QuickstartConfig.training();
            ModelConfig config = QuickstartConfig.model(images);
            RandomStream random = RandomStream.of(settings.seed(), Purpose.INIT, 0, 0);
            RunDirectory directory = RunDirectory.create(runs, images.name(), config, settings.batch());
            Trainer trainer = Trainer.fresh(settings, DiffusionModel.create(config, random), training)
                    .engine(engine)
                    .budget(budget)
                    .stopOnShutdown(true)
                    .listener(directory)
                    .listener(new ConsoleProgress(System.err, System.console() != null, 0, budget))
                    .listener(StatsCollector.builder()
                            .to(new StatsFile(directory.path()))
                            .to(new LogFile(directory.path()))
                            .build())
                    .listener(new RunReport(directory.path()))
                    .build();
            System.err.printf(
                    "Training on %d of %d emoji, %.1f minutes, with the %s engine.%n",
                    training.size(), images.size(), minutes, engine.name());
            DiffusionModel model;
            try (TrainingResult result = trainer.run()) {
                model = result.model();
            }
            Images samples = draw(model, engine);
            write(directory.path(), samples, Distances.measure(samples, split));
            return directory.path();
        }
    }

    private static Path unpackData(Path folder) throws IOException {
        Path zip = folder.resolve(DATA);
        try (InputStream in = Quickstart.class.getResourceAsStream(DATA)) {
            if (in == null) {
                throw new IOException("the embedded data set " + DATA + " is not in the jar; build it again");
            }
            AtomicFile.write(zip, in::transferTo);
        }
        return zip;
    }

    private static Images draw(DiffusionModel model, Engine engine) {
        long[] seeds = LongStream.range(0, QuickstartConfig.SAMPLES).toArray();
        try (SeededImages drawing = new SeededImages(model, engine, QuickstartConfig.sampler());
                ProgressBar bar =
                        Progress.bar("sampling", QuickstartConfig.sampler().numSteps(), " steps")) {
            return drawing.draw(seeds, SeededImages.ANY_CLASS, (step, numSteps, sigma, x) -> bar.stepTo(step));
        }
    }

    private static void write(Path folder, Images samples, Distances distances) throws IOException {
        Path grid = folder.resolve("grid.png");
        Path file = folder.resolve("index.html");
        ImageGrid.ofColumns(QuickstartConfig.GRID_COLUMNS)
                .withBackground(ImageGrid.WHITE)
                .withScale(QuickstartConfig.GRID_SCALE)
                .write(grid, samples);
        HtmlPage page = new HtmlPage("Patch Diffusion quickstart")
                .text("A diffusion model, trained from scratch on patches of small emoji, drew these "
                        + samples.count() + " images from noise, one for each of the seeds 0 to "
                        + (samples.count() - 1) + ".")
                .picture(grid, samples.count() + " images drawn by the model", true)
                .heading("What was trained")
                .facts(RunReport.facts(folder))
                .heading("Loss");
        RunReport.lossByPatchSize(folder).ifPresent(page::chart);
        page.heading("How close to real images")
                .numbers(distances.columns(), distances.rows())
                .note("Sliced Wasserstein distance (Karras et al. 2018), times 1000, lower is closer, of "
                        + distances.count() + " images each to " + distances.references()
                        + " that training never saw. Fine levels measure edges and noise, the coarsest measures shapes."
                        + " The second row shows what real images reach, the third where training starts.")
                .note("Images: Noto Emoji, © Google, Apache License 2.0, scaled to 32x32 pixels.")
                .write(file);
        System.err.println("Sliced Wasserstein distance to held-out images: " + distances);
        System.err.println("Page:    " + file.toAbsolutePath());
        System.err.println("Grid:    " + grid.toAbsolutePath());
        System.err.println("Report:  " + folder.resolve(RunReport.FILE).toAbsolutePath());
        System.err.println("Model and checkpoint: " + folder.toAbsolutePath());
        System.err.println("To go on: pd train --resume " + folder + " --data " + folder.resolveSibling(DATA) + " "
                + QuickstartConfig.DATA_OPTIONS + " --outdir " + folder.getParent() + " --duration 1");
    }
}

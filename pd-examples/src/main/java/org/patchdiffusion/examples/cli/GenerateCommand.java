package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import org.patchdiffusion.eval.EdmSamplerConfig;
import org.patchdiffusion.eval.ImageGrid;
import org.patchdiffusion.eval.Images;
import org.patchdiffusion.eval.PngFiles;
import org.patchdiffusion.eval.SeededImages;
import org.patchdiffusion.files.Messages;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.engine.Engine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Draws images. */
@Command(
        name = "generate",
        description = "Draws one image for each seed with a trained model. The image of a seed is the same whatever the"
                + " other seeds and --batch are.")
final class GenerateCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Mixin
    SamplerOptions sampler;

    @Mixin
    EngineOptions engines;

    @Mixin
    OfficialSamplerOptions official;

    @Option(
            names = "--network",
            required = true,
            paramLabel = "PATH",
            description = "Model: .safetensors, an official snapshot (.pkl), or an exported SameDiff graph (.fb); of a"
                    + " run directory, its newest model.")
    Path network;

    @Option(
            names = "--seeds",
            paramLabel = "LIST",
            defaultValue = "0-63",
            converter = SeedRange.Converter.class,
            description = "Seeds of the images, such as 1,2,5-10.")
    SeedRange seeds;

    @Option(
            names = "--class",
            paramLabel = "N",
            converter = WholeNumber.NotNegative.class,
            description = "Class of all images, for conditional models; by default a random one for each seed.")
    Integer label;

    @Option(
            names = "--outdir",
            paramLabel = "FOLDER",
            description = "Writes 000000.png, the image of seed 0, and so on into this folder.")
    Path outdir;

    @Option(names = "--subdirs", description = "Puts every 1000 seeds into a folder of their own.")
    boolean subdirs;

    @Option(
            names = "--grid",
            paramLabel = "FILE.png",
            converter = PngPath.Converter.class,
            description = "Writes all images into one PNG file.")
    PngPath grid;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "64",
            converter = WholeNumber.Positive.class,
            description = "Images drawn at a time.")
    int batch;

    @Override
    public Integer call() throws IOException {
        if (outdir == null && grid == null) {
            throw new ParameterException(
                    spec.commandLine(), "nowhere to write to: give --outdir FOLDER, --grid FILE, or both");
        }
        GivenOptions.refuseUnless(spec, outdir != null, "--outdir FOLDER", List.of("--subdirs"));
        official.requireNeutral();
        EdmSamplerConfig settings = sampler.build();
        requireFolderOfGrid();
        try (Engine engine = engines.create()) {
            Path file = ModelFiles.newest(network);
            if (!file.equals(network)) {
                spec.commandLine().getErr().println("network: " + file);
            }
            DiffusionModel model = ModelFiles.read(file);
            requireLabel(model.config());
            official.requireSide(model.config());
            draw(model, engine, settings);
        }
        return 0;
    }

    /** A folder that cannot be written must not turn up after minutes of work. */
    private void requireFolderOfGrid() throws IOException {
        if (outdir != null) {
            OutputFolders.require("--outdir", outdir);
        }
        if (grid != null) {
            OutputFolders.require("--grid", grid.path().toAbsolutePath().getParent());
        }
    }

    private void requireLabel(ModelConfig config) {
        int classes = config.network().labelDim();
        if (label != null && label >= classes) {
            throw new ParameterException(
                    spec.commandLine(),
                    classes == 0
                            ? "--class " + label + ": the model is unconditional; leave --class out"
                            : "--class is " + label + ", expected 0 to " + (classes - 1));
        }
    }

    private void draw(DiffusionModel model, Engine engine, EdmSamplerConfig settings) throws IOException {
        ModelConfig config = model.config();
        long start = System.nanoTime();
        long[] all = seeds.seeds();
        List<byte[]> kept = new ArrayList<>();
        try (SeededImages drawing = new SeededImages(model, engine, settings);
                ProgressBar bar = Progress.bar("sampling", (long) all.length * settings.numSteps(), " image steps")) {
            for (int from = 0; from < all.length; from += batch) {
                long[] some = Arrays.copyOfRange(all, from, Math.min(from + batch, all.length));
                Images images = drawing.draw(
                        some,
                        label == null ? SeededImages.ANY_CLASS : label,
                        (step, numSteps, sigma, x) -> bar.stepBy(some.length));
                if (outdir != null) {
                    PngFiles.writeSeeds(outdir, some, images, subdirs);
                }
                if (grid != null) {
                    kept.addAll(images.pixels());
                }
            }
        }
        if (grid != null) {
            int columns = (int) Math.ceil(Math.sqrt(all.length));
            ImageGrid.ofColumns(columns)
                    .write(grid.path(), new Images(config.channels(), config.height(), config.width(), kept));
        }
        summarise(all.length, settings, (System.nanoTime() - start) * 1e-9);
    }

    private void summarise(int count, EdmSamplerConfig settings, double seconds) {
        PrintWriter people = spec.commandLine().getErr();
        people.printf(
                Locale.ROOT,
                "%s in %s (%s each), %.1f s: %s%s%s%n",
                Messages.count(count, "image"),
                Messages.count(settings.numSteps(), "step"),
                Messages.count(2 * settings.numSteps() - 1, "evaluation"),
                seconds,
                outdir == null ? "" : outdir,
                outdir == null || grid == null ? "" : ", ",
                grid == null ? "" : grid.path());
    }
}

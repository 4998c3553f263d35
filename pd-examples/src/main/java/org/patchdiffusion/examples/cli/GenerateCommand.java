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
import org.patchdiffusion.examples.drawing.SeededImages;
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
    EngineOptions engines;

    @Mixin
    SamplerOptions sampler;

    @Option(
            names = "--network",
            required = true,
            paramLabel = "FILE",
            description = "Model: .safetensors, an official snapshot (.pkl), or an exported SameDiff graph (.fb).")
    Path network;

    @Option(
            names = "--seeds",
            paramLabel = "LIST",
            defaultValue = "0-63",
            converter = SeedRange.Converter.class,
            description = "Seeds of the images, such as 1,2,5-10; default ${DEFAULT-VALUE}.")
    SeedRange seeds;

    @Option(
            names = "--class",
            paramLabel = "N",
            description = "Class of all images; default: a random class for each seed. For conditional models.")
    Integer label;

    @Option(
            names = "--outdir",
            paramLabel = "FOLDER",
            description = "Writes seed000000.png and so on into this folder.")
    Path outdir;

    @Option(names = "--subdirs", description = "Puts every 1000 seeds into a folder of their own.")
    boolean subdirs;

    @Option(names = "--grid", paramLabel = "FILE", description = "Writes all images into one PNG file.")
    Path grid;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "64",
            description = "Images drawn at a time; default ${DEFAULT-VALUE}.")
    int batch;

    @Override
    public Integer call() throws IOException {
        if (outdir == null && grid == null) {
            throw new ParameterException(
                    spec.commandLine(), "nowhere to write to: give --outdir FOLDER, --grid FILE, or both");
        }
        if (batch < 1) {
            throw new ParameterException(spec.commandLine(), "--batch is " + batch + ", expected at least 1");
        }
        EdmSamplerConfig settings = sampler.build();
        requireFolderOfGrid();
        try (Engine engine = engines.create()) {
            DiffusionModel model = ModelFiles.read(network);
            requireLabel(model.config());
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
            OutputFolders.require("--grid", grid.toAbsolutePath().getParent());
        }
    }

    private void requireLabel(ModelConfig config) {
        int classes = config.network().labelDim();
        if (label != null && (label < 0 || label >= classes)) {
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
                    .write(grid, new Images(config.channels(), config.height(), config.width(), kept));
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
                grid == null ? "" : grid);
    }
}

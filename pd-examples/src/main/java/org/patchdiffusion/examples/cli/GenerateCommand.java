package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.patchdiffusion.eval.sample.SamplingConfig;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Draws images. */
@Command(
        name = "generate",
        description = "Draws one image for each seed with a trained model. The image of a seed is the same whatever the"
                + " other seeds, --batch, --workers and --threads are. A folder that was drawn in part is completed: whole"
                + " images in it are kept.")
final class GenerateCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Mixin
    SamplerOptions sampler;

    @Mixin
    GuidanceOptions guidance;

    @Mixin
    CanvasOptions canvas;

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
            description = "Writes seed000000.png, the image of seed 0, and so on into this folder.")
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
            names = "--trajectory",
            paramLabel = "FILE.png",
            converter = PngPath.Converter.class,
            description = "Writes how the first images come out of the noise: a strip of the steps, and an animated GIF"
                    + " beside it.")
    PngPath trajectory;

    @Option(
            names = "--page",
            paramLabel = "FILE.html",
            description =
                    "Compares all samplers side by side on these seeds: grids, evaluations, seconds and distances.")
    Path page;

    @Option(names = "--data", paramLabel = "PATH", description = "Real images for the distances of --page.")
    Path data;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "64",
            converter = WholeNumber.Positive.class,
            description = "Images drawn at a time.")
    int batch;

    @Option(
            names = "--workers",
            paramLabel = "N",
            defaultValue = "1",
            converter = WholeNumber.Threads.class,
            description = "Engines that draw batches at the same time; they share --threads.")
    int workers;

    @Override
    public Integer call() throws IOException {
        if (outdir == null && grid == null && trajectory == null && page == null) {
            throw new ParameterException(
                    spec.commandLine(), "nowhere to write to: give --outdir FOLDER, --grid FILE, or both");
        }
        checkOptions();
        requireFolders();
        Path file = ModelFiles.newest(network);
        if (!file.equals(network)) {
            spec.commandLine().getErr().println("network: " + file);
        }
        DiffusionModel model = ModelFiles.read(file);
        requireLabel(model.config());
        SamplingConfig sampling = sampler.build(model.config());
        try (Generators generators = generators(model, sampling)) {
            if (page != null) {
                new SamplerPage(generators, seeds.seeds(), data).write(page);
                spec.commandLine().getErr().println("page: " + page);
            }
            if (outdir != null || grid != null || trajectory != null) {
                draw(generators, file, model.config());
            }
        }
        return 0;
    }

    /** Sizes, windows and guidance that do not fit the model are wrong usage. */
    private Generators generators(DiffusionModel model, SamplingConfig sampling) throws IOException {
        try {
            return new Generators(this, model, sampling);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private void checkOptions() {
        GivenOptions.refuseUnless(spec, outdir != null, "--outdir FOLDER", List.of("--subdirs"));
        GivenOptions.refuseUnless(spec, page != null, "--page FILE.html", List.of("--data"));
        if (page != null && !page.toString().toLowerCase(Locale.ROOT).endsWith(".html")) {
            throw new ParameterException(spec.commandLine(), "--page " + page + ": give the page the ending .html");
        }
        official.requireNeutral();
        sampler.check();
        guidance.check();
        canvas.check();
    }

    /** A folder that cannot be written must not turn up after minutes of work. */
    private void requireFolders() throws IOException {
        if (outdir != null) {
            OutputFolders.require("--outdir", outdir);
        }
        if (grid != null) {
            OutputFolders.require("--grid", grid.path().toAbsolutePath().getParent());
        }
        if (trajectory != null) {
            OutputFolders.require(
                    "--trajectory", trajectory.path().toAbsolutePath().getParent());
        }
        if (page != null) {
            OutputFolders.require("--page", page.toAbsolutePath().getParent());
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

    private void draw(Generators generators, Path file, ModelConfig config) throws IOException {
        SampleFolder folder = null;
        if (outdir != null) {
            folder = SampleFolder.open(outdir, subdirs, generators.imageShape(), settings(file));
        }
        SampleRun run = new SampleRun(generators, folder, batch);
        SampleRun.Outcome outcome = run.draw(
                seeds.seeds(), grid == null ? null : grid.path(), trajectory == null ? null : trajectory.path());
        List<String> places = new ArrayList<>();
        for (Path place : Arrays.asList(
                outdir, grid == null ? null : grid.path(), trajectory == null ? null : trajectory.path())) {
            if (place != null) {
                places.add(place.toString());
            }
        }
        spec.commandLine().getErr().printf(Locale.ROOT, "%s: %s%n", outcome.text(), String.join(", ", places));
    }

    /** What decides what an image of a seed looks like: the model and all options but those of place and speed. */
    private Map<String, String> settings(Path file) throws IOException {
        List<String> noMatter = List.of(
                "--network",
                "--seeds",
                "--outdir",
                "--subdirs",
                "--grid",
                "--trajectory",
                "--page",
                "--data",
                "--batch",
                "--workers",
                "--threads",
                "--debug");
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("network", SampleFolder.fingerprint(file));
        for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
            if (!noMatter.contains(option.longestName())) {
                settings.put(option.longestName(), String.join(",", option.originalStringValues()));
            }
        }
        return settings;
    }
}

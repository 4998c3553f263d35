package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.patchdiffusion.data.DatasetSplit;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.LabelUse;
import org.patchdiffusion.data.Purpose;
import org.patchdiffusion.data.RandomStream;
import org.patchdiffusion.data.augment.AugmentConfig;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.precond.Preconditioning;
import org.patchdiffusion.train.Invocation;
import org.patchdiffusion.train.RunDirectory;
import org.patchdiffusion.train.Trainer;
import org.patchdiffusion.train.TrainingConfig;
import org.patchdiffusion.train.TrainingResult;
import org.patchdiffusion.train.watch.ConsoleProgress;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Trains a model. */
@Command(
        name = "train",
        description =
                "Trains a model patch by patch on a data set. Each run writes models, samples, checkpoints, statistics"
                        + " and a report into a numbered folder of its own. Ctrl-C ends a run early and keeps what it learned.")
final class TrainCommand implements Callable<Integer> {

    @Spec
    CommandSpec spec;

    @Mixin
    DataOptions data;

    @Option(
            names = "--outdir",
            paramLabel = "FOLDER",
            description = "Folder of all runs; may be left out beside --resume, which then goes on in the run's own folder.")
    Path outdir;

    @Option(
            names = "--resume",
            paramLabel = "FOLDER",
            arity = "0..1",
            fallbackValue = "",
            description = "Goes on from a checkpoint, or the newest whole one of a run directory, with its settings;"
                    + " without a folder, of the newest run in --outdir.")
    Path resume;

    @Option(
            names = "--transfer",
            paramLabel = "FILE",
            description = "Starts from the weights and network of a model file.")
    Path transfer;

    @Option(
            names = "--max-minutes",
            paramLabel = "X",
            description = "Ends training after this time if --duration has not ended it before.")
    Double maxMinutes;

    @Option(
            names = "--cond",
            paramLabel = "BOOL",
            arity = "0..1",
            fallbackValue = "true",
            defaultValue = "false",
            converter = YesNo.Converter.class,
            description = "Train a class-conditional model; the data set must have labels.")
    YesNo cond;

    @Option(
            names = "--precond",
            paramLabel = "NAME",
            defaultValue = "pedm",
            description = "Preconditioning: pedm (or edm), vp, ve or iddpm; default pedm.")
    String precond;

    @Option(
            names = "--dropout",
            paramLabel = "P",
            defaultValue = "0.13",
            description = "Probability that an activation is dropped; default 0.13.")
    double dropout;

    @Option(names = "--any-size", description = "Accept images whose sides are not powers of two.")
    boolean anySize;

    @Option(
            names = {"-n", "--dry-run"},
            description = "Print the configuration and end.")
    boolean dryRun;

    @Mixin
    NetworkOptions network;

    @Mixin
    TrainingOptions training;

    @Mixin
    WatchOptions watch;

    @Mixin
    EngineOptions engines;

    /** What a resumed run keeps; null for a fresh one, which has what was given. */
    private List<String> kept;

    @Override
    public Integer call() throws IOException {
        requireSensibleOptions();
        TrainingConfig settings = training.build(engines.name);
        if (resume != null) {
            return resume(settings);
        }
        data.requireGiven();
        if (outdir == null) {
            throw new ParameterException(spec.commandLine(), "Missing required option: '--outdir=FOLDER'");
        }
        OutputFolders.require("--outdir", outdir);
        Preconditioning preconditioning = preconditioning();
        try (ImageDataset all = data.open(cond.value() ? LabelUse.REQUIRED : LabelUse.NONE)) {
            Optional<DatasetSplit> split = watch.split(all, data, null);
            ImageDataset images = split.map(DatasetSplit::training).orElse(all);
            tellOfUnusedLabels(cond.value());
            SizeCheck.requirePowersOfTwo(data.data, images, anySize);
            ModelConfig config = transfer == null ? config(preconditioning, settings, images) : null;
            if (config != null && dryRun) {
                // Weights are not needed, and may be large.
                printConfiguration(settings, config, images, "output: a new run directory in " + outdir);
                return 0;
            }
            DiffusionModel model = config != null
                    ? DiffusionModel.create(config, RandomStream.of(training.seed, Purpose.INIT, 0, 0))
                    : transferred();
            Trainer.Builder trainer = Trainer.fresh(settings, model, images);
            String output = "output: a new run directory in " + outdir;
            return run(trainer, settings, model.config(), images, split, output, () -> RunDirectory.create(
                    outdir, images.name(), model.config(), settings.batch(), invocation()));
        }
    }

    private int resume(TrainingConfig given) throws IOException {
        ResumePoint point = ResumePoint.find(spec, resume, outdir);
        TrainingConfig settings = point.settings(given);
        if (point.isFinished(settings)) {
            return 0;
        }
        if (outdir != null) {
            OutputFolders.require("--outdir", outdir);
        }
        keep(point.keptArguments());
        point.takeExecution(engines);
        boolean labelled = point.checkpoint().model().network().labelDim() > 0;
        try (ImageDataset all = data.open(labelled ? LabelUse.REQUIRED : LabelUse.NONE)) {
            Optional<DatasetSplit> split = watch.split(all, data, point.checkpoint());
            ImageDataset images = split.map(DatasetSplit::training).orElse(all);
            tellOfUnusedLabels(labelled);
            Trainer.Builder trainer = Trainer.resume(settings, point.checkpoint(), images);
            ModelConfig model = point.checkpoint().model();
            return run(trainer, settings, model, images, split, point.describe(), () -> point.directory(images.name(), invocation()));
        }
    }

    private void keep(List<String> arguments) {
        kept = arguments;
        KeptOptions options = KeptOptions.parse(arguments);
        data = options.data;
        watch = options.watch;
    }

    private Invocation invocation() {
        List<String> words = new ArrayList<>(List.of("pd"));
        words.addAll(spec.root().commandLine().getParseResult().originalArgs());
        return new Invocation(words, kept == null ? KeptOptions.given(spec) : kept);
    }

    private void tellOfUnusedLabels(boolean labelled) throws IOException {
        if (!labelled && ImageDataset.hasLabels(data.data)) {
            spec.commandLine().getErr().println("note: the labels of " + data.data + " are not used; --cond uses them");
        }
    }

    private void requireSensibleOptions() {
        List<String> given = GivenOptions.of(spec);
        if (resume != null) {
            GivenOptions.refuse(
                    spec, given, "--resume", "goes on with the settings of the checkpoint", ResumePoint.ALLOWED);
        }
        if (transfer != null) {
            GivenOptions.refuseThese(
                    spec,
                    given,
                    "--transfer",
                    "takes the network of the file",
                    List.of("--arch", "--cbase", "--cres", "--blocks", "--attn", "--precond"));
        }
        if (maxMinutes != null && !(maxMinutes > 0)) {
            throw new ParameterException(
                    spec.commandLine(), "--max-minutes is " + maxMinutes + ", expected a positive number");
        }
        watch.check();
    }

    private Preconditioning preconditioning() {
        try {
            return Preconditioning.byName(precond);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--precond: " + e.getMessage(), e);
        }
    }

    private ModelConfig config(Preconditioning preconditioning, TrainingConfig settings, ImageDataset images) {
        int labelDim = cond.value() ? images.labelDim() : 0;
        int resolution = Math.min(images.height(), images.width());
        return new ModelConfig(
                network.build(resolution, images.channels(), labelDim, dropout).toBuilder()
                        .augmentDim(settings.augment()
                                .pipeline()
                                .map(AugmentConfig::labelDim)
                                .orElse(0))
                        .build(),
                preconditioning,
                images.height(),
                images.width());
    }

    /** The model of {@code --transfer}, with this run's dropout. */
    private DiffusionModel transferred() throws IOException {
        DiffusionModel model = ModelFiles.read(transfer);
        ModelConfig old = model.config();
        ModelConfig config = new ModelConfig(
                old.network().toBuilder().dropout(dropout).build(), old.preconditioning(), old.height(), old.width());
        return DiffusionModel.of(config, model.parameters());
    }

    /** Makes the folder of a run. */
    @FunctionalInterface
    private interface Folder {
        RunDirectory make() throws IOException;
    }

    private int run(
            Trainer.Builder builder,
            TrainingConfig settings,
            ModelConfig config,
            ImageDataset images,
            Optional<DatasetSplit> split,
            String output,
            Folder folder)
            throws IOException {
        try (Engine engine = engines.create()) {
            builder.engine(engine).stopOnShutdown(true).budget(budget());
            // Checks that images, network and patches fit together, before anything is written.
            builder.build();
            printConfiguration(settings, config, images, output);
            if (dryRun) {
                return 0;
            }
            RunDirectory directory = folder.make();
            builder.listener(directory);
            watch.listen(builder, directory.path(), engine, settings, images, split, budget());
            return run(builder, directory);
        }
    }

    private Duration budget() {
        return maxMinutes == null ? null : Duration.ofMillis((long) (maxMinutes * 60_000));
    }

    private int run(Trainer.Builder builder, RunDirectory directory) throws IOException {
        try (TrainingResult result = builder.build().run()) {
            spec.commandLine()
                    .getErr()
                    .println("training ended (" + result.reason().name().toLowerCase(Locale.ROOT) + "); results are in "
                            + directory.path());
        }
        return 0;
    }

    private void printConfiguration(TrainingConfig settings, ModelConfig config, ImageDataset images, String output) {
        PrintWriter people = spec.commandLine().getErr();
        people.println("data: " + data.data + ", " + images.size() + " images of " + images.width() + "x"
                + images.height() + (images.labelDim() > 0 ? ", " + images.labelDim() + " classes" : "") + ", "
                + images.place());
        people.printf(
                Locale.ROOT,
                "model, %,d parameters: ",
                DiffusionModel.layout(config).parameterCount());
        people.println(PrettyJson.of(config.toJson()));
        people.println("training: " + PrettyJson.of(settings.toJson()));
        people.println(output);
        people.flush();
    }
}

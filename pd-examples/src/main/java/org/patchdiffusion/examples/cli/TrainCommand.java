package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.LabelUse;
import org.patchdiffusion.data.PatchSizes;
import org.patchdiffusion.data.Purpose;
import org.patchdiffusion.data.RandomStream;
import org.patchdiffusion.data.augment.AugmentConfig;
import org.patchdiffusion.examples.drawing.SampleSheets;
import org.patchdiffusion.examples.report.LossCurve;
import org.patchdiffusion.examples.report.RunReport;
import org.patchdiffusion.files.Messages;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.precond.Preconditioning;
import org.patchdiffusion.train.Checkpoint;
import org.patchdiffusion.train.ConsoleProgress;
import org.patchdiffusion.train.RunDirectory;
import org.patchdiffusion.train.StopReason;
import org.patchdiffusion.train.Trainer;
import org.patchdiffusion.train.TrainingConfig;
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

    @Option(names = "--outdir", required = true, paramLabel = "FOLDER", description = "Folder of all runs.")
    Path outdir;

    @Option(
            names = "--resume",
            paramLabel = "FOLDER",
            description = "Goes on from a checkpoint, or the last one of a run directory, with its settings.")
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
            converter = Probability.class,
            description = "Probability that an activation is dropped; default 0.13.")
    double dropout;

    @Option(names = "--any-size", description = "Accept images whose sides are not powers of two.")
    boolean anySize;

    @Option(
            names = "--samples",
            paramLabel = "N",
            defaultValue = "64",
            description = "Images to draw at each snapshot; default 64.")
    int samples;

    @Option(
            names = {"-n", "--dry-run"},
            description = "Print the configuration and end.")
    boolean dryRun;

    @Mixin
    NetworkOptions network;

    @Mixin
    TrainingOptions training;

    @Mixin
    EngineOptions engines;

    @Override
    public Integer call() throws IOException {
        requireSensibleOptions();
        TrainingConfig settings = training.build(engines.name);
        Preconditioning preconditioning = preconditioning();
        OutputFolders.require("--outdir", outdir);
        Checkpoint checkpoint = resume == null ? null : ResumePoint.read(resume);
        boolean labelled =
                checkpoint == null ? cond.value() : checkpoint.model().network().labelDim() > 0;
        try (ImageDataset all = data.open(labelled ? LabelUse.REQUIRED : LabelUse.NONE)) {
            ImageDataset images = data.training(all);
            if (!labelled && ImageDataset.hasLabels(data.data)) {
                spec.commandLine()
                        .getErr()
                        .println("note: the labels of " + data.data + " are not used; --cond uses them");
            }
            if (checkpoint != null) {
                TrainingConfig resumed = ResumePoint.settings(checkpoint, spec, settings);
                return run(Trainer.resume(resumed, checkpoint, images), resumed, checkpoint.model(), images);
            }
            SizeCheck.requirePowersOfTwo(data.data, images, anySize);
            ModelConfig config = transfer == null ? config(preconditioning, settings, images) : null;
            if (config != null && dryRun) {
                // Weights are not needed, and may be large; but what a run would refuse is refused.
                PatchSizes.of(
                        config.height(),
                        config.width(),
                        settings.distribution(images.description().pixels()),
                        1 << (config.network().levels() - 1));
                printConfiguration(settings, config, images);
                return 0;
            }
            DiffusionModel model = config != null
                    ? DiffusionModel.create(config, RandomStream.of(training.seed, Purpose.INIT, 0, 0))
                    : transferred();
            return run(Trainer.fresh(settings, model, images), settings, model.config(), images);
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
        if (samples < 0) {
            throw new ParameterException(spec.commandLine(), "--samples is " + samples + ", expected 0 or more");
        }
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
                        .augmentDim(settings.augmentation()
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

    private int run(Trainer.Builder builder, TrainingConfig settings, ModelConfig config, ImageDataset images)
            throws IOException {
        try (Engine engine = engines.create()) {
            return run(builder.engine(engine).stopOnShutdown(true).budget(budget()), engine, settings, config, images);
        }
    }

    private Duration budget() {
        return maxMinutes == null ? null : Duration.ofMillis((long) (maxMinutes * 60_000));
    }

    private int run(
            Trainer.Builder builder, Engine engine, TrainingConfig settings, ModelConfig config, ImageDataset images)
            throws IOException {
        // Checks that images, network and patches fit together, before anything is written.
        builder.build();
        printConfiguration(settings, config, images);
        if (dryRun) {
            return 0;
        }
        RunDirectory directory = RunDirectory.create(outdir, images.name(), config, settings.batch());
        LossCurve curve = new LossCurve();
        builder.listener(directory).listener(curve);
        if (samples > 0) {
            builder.listener(new SampleSheets(directory.path(), engine, samples));
        }
        builder.listener(new RunReport(directory.path(), curve)).listener(new ConsoleProgress(budget()));
        StopReason reason = builder.build().run();
        spec.commandLine()
                .getErr()
                .println("training ended (" + reason.name().toLowerCase(Locale.ROOT) + "); results are in "
                        + directory.path());
        return 0;
    }

    private void printConfiguration(TrainingConfig settings, ModelConfig config, ImageDataset images) {
        PrintWriter people = spec.commandLine().getErr();
        people.println("data: " + data.data + ", " + Messages.count(images.size(), "image") + " of " + images.width()
                + "x"
                + images.height()
                + (images.labelDim() > 0 ? ", " + Messages.count(images.labelDim(), "class", "classes") : "") + ", "
                + images.place());
        people.printf(
                Locale.ROOT,
                "model, %,d parameters: ",
                DiffusionModel.layout(config).parameterCount());
        people.println(PrettyJson.of(config.toJson()));
        people.println("training: " + PrettyJson.of(settings.toJson()));
        people.println("output: a new run directory in " + outdir);
        people.flush();
    }
}

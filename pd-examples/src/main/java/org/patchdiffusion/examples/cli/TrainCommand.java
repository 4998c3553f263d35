package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.LabelUse;
import org.patchdiffusion.data.Purpose;
import org.patchdiffusion.data.RandomStream;
import org.patchdiffusion.data.augment.AugmentConfig;
import org.patchdiffusion.examples.drawing.SampleSheets;
import org.patchdiffusion.examples.report.LossCurve;
import org.patchdiffusion.examples.report.RunReport;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.train.Checkpoint;
import org.patchdiffusion.train.ConsoleProgress;
import org.patchdiffusion.train.RunDirectory;
import org.patchdiffusion.train.StopReason;
import org.patchdiffusion.train.Trainer;
import org.patchdiffusion.train.TrainingConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Trains a model. */
@Command(
        name = "train",
        preprocessor = LayeredSettings.class,
        customSynopsis = "pd train --data PATH --outdir FOLDER [OPTIONS]",
        footerHeading = "%nExample%n",
        footer = "  pd train --data images.zip --outdir runs --xflip 1 --duration 0.5",
        description =
                "Trains a model patch by patch on a data set. Each run writes models, samples, checkpoints, statistics"
                        + " and a report into a numbered folder of its own. Ctrl-C ends a run early and keeps what it learned.")
final class TrainCommand implements Callable<Integer> {

    @Spec
    CommandSpec spec;

    @Mixin
    DataOptions data;

    @Mixin
    RunOptions run;

    @Mixin
    ScheduleOptions schedule;

    @Mixin
    LearningOptions learning;

    @Mixin
    PatchOptions patches;

    @Mixin
    NetworkOptions network;

    @Mixin
    EngineOptions engines;

    @Mixin
    OfficialOptions official;

    @Override
    public Integer call() throws IOException {
        requireSensibleOptions();
        TrainingConfig settings = settings();
        OutputFolders.require("--outdir", run.outdir);
        if (run.resume != null) {
            return resume(settings);
        }
        if (run.transfer != null) {
            return transfer(settings);
        }
        spec.commandLine().getErr().println(run.preset.describe());
        try (ImageDataset all = data.open(labels(learning.cond.value()))) {
            ImageDataset images = data.training(all);
            tellOfUnusedLabels(learning.cond.value());
            SizeCheck.requirePowersOfTwo(data.data, images, data.anySize);
            DiffusionModel model =
                    DiffusionModel.create(config(settings, images), RandomStream.of(learning.seed, Purpose.INIT, 0, 0));
            return run(Trainer.fresh(settings, model, images), settings, model.config(), images);
        }
    }

    /** Refuses what would have no effect, or contradicts itself. */
    private void requireSensibleOptions() {
        official.requireNeutral();
        List<String> given = GivenOptions.of(spec);
        if (given.contains("--resume")) {
            GivenOptions.refuse(
                    spec, given, "--resume", "goes on with the settings of the checkpoint", ResumePoint.ALLOWED);
        }
        if (given.containsAll(List.of("--patch-sizes", "--real-p"))) {
            throw new ParameterException(
                    spec.commandLine(), "--real-p is a short form of --patch-sizes; give one of them");
        }
        GivenOptions.refuseUnless(spec, patches.augment > 0, "--augment P", List.of("--augment-at"));
        boolean labelled = learning.cond.value() || run.transfer != null;
        GivenOptions.refuseUnless(spec, labelled, "--cond", List.of("--label-dropout"));
    }

    private TrainingConfig settings() {
        try {
            TrainingConfig.Builder settings = TrainingConfig.builder().engine(engines.name);
            schedule.applyTo(settings);
            learning.applyTo(settings);
            patches.applyTo(settings);
            return settings.build();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private int resume(TrainingConfig settings) throws IOException {
        Checkpoint checkpoint = ResumePoint.read(run.resume);
        boolean labelled = checkpoint.model().network().labelDim() > 0;
        try (ImageDataset all = data.open(labels(labelled))) {
            ImageDataset images = data.training(all);
            tellOfUnusedLabels(labelled);
            TrainingConfig resumed = ResumePoint.settings(checkpoint, spec, settings);
            return run(Trainer.resume(resumed, checkpoint, images), resumed, checkpoint.model(), images);
        }
    }

    private int transfer(TrainingConfig settings) throws IOException {
        DiffusionModel model = transferred();
        boolean labelled = model.config().network().labelDim() > 0;
        try (ImageDataset all = data.open(labels(labelled))) {
            ImageDataset images = data.training(all);
            tellOfUnusedLabels(labelled);
            return run(Trainer.fresh(settings, model, images), settings, model.config(), images);
        }
    }

    /** The model of {@code --transfer}, with this run's dropout where one was given. */
    private DiffusionModel transferred() throws IOException {
        Path file = ModelFiles.newest(run.transfer);
        DiffusionModel model = ModelFiles.read(file);
        ModelConfig old = model.config();
        network.requireSame(old.network(), file);
        List<String> given = GivenOptions.of(spec);
        boolean labelled = old.network().labelDim() > 0;
        refuseOther(given.contains("--cond") && learning.cond.value() != labelled, "--cond", file);
        refuseOther(
                given.contains("--precond")
                        && !learning.preconditioning
                                .name()
                                .equals(old.preconditioning().name()),
                "--precond",
                file);
        refuseOther(
                patches.augment > 0
                        && given.contains("--augment")
                        && old.network().augmentDim() == 0,
                "--augment",
                file);
        refuseOther(given.contains("--label-dropout") && !labelled, "--label-dropout", file);
        UNetConfig.Builder changed = old.network().toBuilder();
        if (given.contains("--dropout")) {
            changed.dropout(learning.dropout);
        }
        if (given.contains("--label-dropout")) {
            changed.labelDropout(learning.labelDropout);
        }
        ModelConfig config = new ModelConfig(changed.build(), old.preconditioning(), old.height(), old.width());
        return DiffusionModel.of(config, model.parameters());
    }

    private void refuseOther(boolean differs, String option, Path file) {
        if (differs) {
            throw new ParameterException(
                    spec.commandLine(),
                    option + " is not what the network of --transfer " + file + " has; leave it out");
        }
    }

    private static LabelUse labels(boolean labelled) {
        return labelled ? LabelUse.REQUIRED : LabelUse.NONE;
    }

    private void tellOfUnusedLabels(boolean labelled) throws IOException {
        if (!labelled && ImageDataset.hasLabels(data.data)) {
            spec.commandLine().getErr().println("note: the labels of " + data.data + " are not used; --cond uses them");
        }
    }

    private ModelConfig config(TrainingConfig settings, ImageDataset images) {
        int resolution = Math.min(images.height(), images.width());
        UNetConfig unet = network.build(resolution, images.channels(), builder -> builder.labelDim(
                        learning.cond.value() ? images.labelDim() : 0)
                .dropout(learning.dropout)
                .labelDropout(learning.labelDropout)
                .augmentDim(settings.augmentation().map(AugmentConfig::labelDim).orElse(0)));
        return new ModelConfig(unet, learning.preconditioning, images.height(), images.width());
    }

    private int run(Trainer.Builder builder, TrainingConfig settings, ModelConfig config, ImageDataset images)
            throws IOException {
        try (Engine engine = engines.create()) {
            return run(
                    builder.engine(engine).stopOnShutdown(true).budget(schedule.budget()),
                    engine,
                    settings,
                    config,
                    images);
        }
    }

    private int run(
            Trainer.Builder builder, Engine engine, TrainingConfig settings, ModelConfig config, ImageDataset images)
            throws IOException {
        // Checks that images, network and patches fit together, before anything is written.
        builder.build();
        printConfiguration(settings, config, images);
        if (run.dryRun) {
            return 0;
        }
        RunDirectory directory = RunDirectory.create(run.outdir, images.name(), config, settings.batch());
        LossCurve curve = new LossCurve();
        builder.listener(directory).listener(curve);
        if (run.samples > 0) {
            builder.listener(new SampleSheets(directory.path(), engine, run.samples));
        }
        builder.listener(new RunReport(directory.path(), curve)).listener(new ConsoleProgress(schedule.budget()));
        StopReason reason = builder.build().run();
        spec.commandLine()
                .getErr()
                .println("training ended (" + reason.name().toLowerCase(Locale.ROOT) + "); results are in "
                        + directory.path());
        return 0;
    }

    private void printConfiguration(TrainingConfig settings, ModelConfig config, ImageDataset images) {
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
        people.println("output: a new run directory in " + run.outdir);
        people.flush();
    }
}

package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.patchdiffusion.data.DatasetSplit;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.LabelUse;
import org.patchdiffusion.data.Purpose;
import org.patchdiffusion.data.RandomStream;
import org.patchdiffusion.data.augment.AugmentConfig;
import org.patchdiffusion.examples.ui.TrainingUi;
import org.patchdiffusion.files.Messages;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.train.Trainer;
import org.patchdiffusion.train.TrainingListener;
import org.patchdiffusion.train.TrainingResult;
import org.patchdiffusion.train.config.TrainingConfig;
import org.patchdiffusion.train.run.Invocation;
import org.patchdiffusion.train.run.RunDirectory;
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
    WatchOptions watch;

    @Mixin
    EngineOptions engines;

    @Mixin
    OfficialOptions official;

    /** What a resumed run keeps; null for a fresh one, which has what was given. */
    private List<String> kept;

    @Override
    public Integer call() throws IOException {
        requireSensibleOptions();
        TrainingConfig settings = settings();
        if (run.resume != null) {
            return resume(settings);
        }
        data.requireGiven();
        if (run.outdir == null) {
            throw new ParameterException(spec.commandLine(), "Missing required option: '--outdir=FOLDER'");
        }
        OutputFolders.require("--outdir", run.outdir);
        spec.commandLine().getErr().println(run.preset.describe());
        DiffusionModel transferred = run.transfer == null
                ? null
                : TransferSource.read(spec, run.transfer).model(network, learning, patches);
        boolean labelled = transferred == null
                ? learning.cond.value()
                : transferred.config().network().labelDim() > 0;
        try (ImageDataset all = data.open(labelled ? LabelUse.REQUIRED : LabelUse.NONE)) {
            Optional<DatasetSplit> split = watch.split(all, data, null);
            ImageDataset images = split.map(DatasetSplit::training).orElse(all);
            tellOfUnusedLabels(labelled);
            SizeCheck.requirePowersOfTwo(data.data, images, data.anySize);
            DiffusionModel model = transferred == null ? fresh(settings, images) : transferred;
            Trainer.Builder trainer = Trainer.fresh(settings, model, images);
            return run(
                    trainer,
                    settings,
                    model.config(),
                    images,
                    split,
                    run.describeOutput(),
                    () -> run.makeFolder(images.name(), model.config(), settings.batch(), invocation()));
        }
    }

    private TrainingConfig settings() {
        try {
            TrainingConfig.Builder settings = TrainingConfig.builder().engine(engines.engine());
            schedule.applyTo(settings);
            learning.applyTo(settings);
            patches.applyTo(settings);
            if (run.resume != null) {
                // It divides the batch of the checkpoint, not this one.
                settings.batchGpu(0);
            }
            return settings.build();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private int resume(TrainingConfig given) throws IOException {
        try (ResumePoint point = ResumePoint.find(spec, run.resume, run.outdir, run.dryRun)) {
            return resume(point, point.settings(given, learning.batchGpu));
        }
    }

    private int resume(ResumePoint point, TrainingConfig settings) throws IOException {
        if (point.isFinished(settings)) {
            return 0;
        }
        if (run.outdir != null) {
            OutputFolders.require("--outdir", run.outdir);
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
            return run(
                    trainer,
                    settings,
                    model,
                    images,
                    split,
                    point.describe(),
                    () -> point.directory(images.name(), invocation()));
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

    /** Refuses what would have no effect, or contradicts itself. */
    private void requireSensibleOptions() {
        official.requireNeutral();
        List<String> given = GivenOptions.of(spec);
        if (run.resume != null) {
            GivenOptions.refuse(
                    spec, given, "--resume", "goes on with the settings of the checkpoint", ResumePoint.ALLOWED);
        }
        if (given.containsAll(List.of("--patch-sizes", "--real-p"))) {
            throw new ParameterException(
                    spec.commandLine(), "--real-p is a short form of --patch-sizes; give one of them");
        }
        if (run.noSubdir && given.contains("--desc")) {
            throw new ParameterException(
                    spec.commandLine(), "--desc names a new folder, which --nosubdir does not make; give one of them");
        }
        GivenOptions.refuseUnless(spec, patches.augment > 0, "--augment P", List.of("--augment-at"));
        boolean labelled = learning.cond.value() || run.transfer != null;
        GivenOptions.refuseUnless(spec, labelled, "--cond", List.of("--label-dropout"));
    }

    private DiffusionModel fresh(TrainingConfig settings, ImageDataset images) {
        int augmentDim =
                settings.augment().pipeline().map(AugmentConfig::labelDim).orElse(0);
        UNetConfig unet =
                network.build(Math.min(images.height(), images.width()), images.channels(), builder -> builder.labelDim(
                                learning.cond.value() ? images.labelDim() : 0)
                        .dropout(learning.dropout)
                        .labelDropout(learning.labelDropout)
                        .augmentDim(augmentDim));
        ModelConfig config = new ModelConfig(unet, learning.preconditioning, images.height(), images.width());
        return DiffusionModel.create(config, RandomStream.of(learning.seed, Purpose.INIT, 0, 0));
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
            builder.engine(engine).stopOnShutdown(true).budget(schedule.budget());
            // Checks that images, network and patches fit together, before anything is written.
            builder.build();
            printConfiguration(settings, config, images, output);
            if (run.dryRun) {
                return 0;
            }
            try (TrainingUi ui = watch.ui().orElse(null)) {
                return run(
                        builder,
                        folder,
                        ui,
                        path -> watch.listeners(path, engine, settings, images, split, schedule.budget()));
            }
        }
    }

    /** Makes the folder and what watches it when nothing is left that could refuse the run. */
    private int run(
            Trainer.Builder builder, Folder folder, TrainingUi ui, Function<Path, List<TrainingListener>> watchers)
            throws IOException {
        AtomicReference<Path> results = new AtomicReference<>();
        builder.lateListeners(() -> {
            RunDirectory directory = folder.make();
            results.set(directory.path());
            List<TrainingListener> listeners = new ArrayList<>(List.of(directory));
            listeners.addAll(watchers.apply(directory.path()));
            if (ui != null) {
                listeners.add(ui.session(directory.path().getFileName().toString()));
            }
            return listeners;
        });
        try (TrainingResult result = builder.build().run()) {
            String reason = result.reason().name().toLowerCase(Locale.ROOT);
            spec.commandLine().getErr().println("training ended (" + reason + "); results are in " + results.get());
        }
        return 0;
    }

    private void printConfiguration(TrainingConfig settings, ModelConfig config, ImageDataset images, String output) {
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
        people.println(output);
        people.flush();
    }
}

package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.patchdiffusion.train.checkpoint.Checkpoint;
import org.patchdiffusion.train.config.ExecutionSettings;
import org.patchdiffusion.train.config.IntervalSettings;
import org.patchdiffusion.train.config.TrainingConfig;
import org.patchdiffusion.train.run.CheckpointFolders;
import org.patchdiffusion.train.run.Invocation;
import org.patchdiffusion.train.run.RecordedOptions;
import org.patchdiffusion.train.run.RunDirectory;
import org.patchdiffusion.train.run.RunFolders;
import org.patchdiffusion.train.run.RunLock;
import org.patchdiffusion.train.run.StoredCheckpoint;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/**
 * Where {@code --resume} goes on: which checkpoint, in which folder, on which images, by which engine.
 *
 * <p>A run goes on in its own folder, with its log, statistics and time. It gets a new one if {@code --outdir} stands beside
 * the path, or if the checkpoint is not the newest of its run: what came after it then stays as it is.
 */
final class ResumePoint implements AutoCloseable {

    /** Options that may stand beside {@code --resume}: they do not change what is learned. */
    static final List<String> ALLOWED = List.of(
            "--data",
            "--classes",
            "--hold-out-every",
            "--cache",
            "--batch-gpu",
            "--outdir",
            "--resume",
            "--config",
            "--duration",
            "--max-minutes",
            "--tick",
            "--snap",
            "--dump",
            "--precision",
            "--dump-minutes",
            "--engine",
            "--threads",
            "--samples",
            "--sampler",
            "--steps",
            "--val",
            "--ui",
            "--any-size",
            "--dry-run",
            "--debug");

    private final CommandSpec spec;
    private final StoredCheckpoint stored;
    private final Path run;
    /** The folder of all runs for a new run; null to go on in the run's own folder. */
    private final Path newRunIn;
    /** Of the run's own folder; null for a new run, or if nothing is to be written. */
    private final RunLock lock;
    /** Null if the checkpoint lies outside a run directory. */
    private final RecordedOptions recorded;

    private ResumePoint(CommandSpec spec, StoredCheckpoint stored, Path newRunIn, RunLock lock) throws IOException {
        this.spec = spec;
        this.lock = lock;
        this.stored = stored;
        this.run = stored.folder().getParent();
        this.newRunIn = newRunIn;
        this.recorded = Files.exists(run.resolve(RecordedOptions.FILE)) ? RecordedOptions.read(run) : null;
    }

    /**
     * Finds the newest whole checkpoint, and tells of those that it passed over.
     *
     * @param given a run directory or a checkpoint; the empty path for the newest run in {@code outdir}
     * @param outdir the folder of all runs; null if none was given
     * @param dryRun whether nothing is to be written; else nobody else can write into the folder until this is closed
     * @throws IOException if there is no whole checkpoint; the message says what there is
     */
    static ResumePoint find(CommandSpec spec, Path given, Path outdir, boolean dryRun) throws IOException {
        boolean isNamed = !given.toString().isEmpty();
        Path folder =
                (isNamed ? given : newestRun(spec, outdir)).toAbsolutePath().normalize();
        if (!Files.isDirectory(folder)) {
            throw new IOException("--resume " + given + " is not a folder; give a run directory or a checkpoint in it");
        }
        boolean isCheckpoint = Files.exists(folder.resolve("checkpoint.json"));
        Path run = isCheckpoint ? folder.getParent() : folder;
        Path newRunIn = isNamed ? outdir : null;
        if (isCheckpoint && newRunIn == null && !isNewest(folder)) {
            newRunIn = run.getParent();
        }
        RunLock lock = newRunIn == null && !dryRun ? RunLock.take(run) : null;
        try {
            return new ResumePoint(spec, isCheckpoint ? read(folder) : newestIn(spec, folder), newRunIn, lock);
        } catch (IOException | RuntimeException e) {
            free(lock);
            throw e;
        }
    }

    private static boolean isNewest(Path checkpoint) throws IOException {
        List<Path> all = CheckpointFolders.list(checkpoint.getParent());
        return !all.isEmpty() && all.get(all.size() - 1).equals(checkpoint);
    }

    private static StoredCheckpoint read(Path checkpoint) throws IOException {
        return new StoredCheckpoint(checkpoint, Checkpoint.read(checkpoint));
    }

    private static StoredCheckpoint newestIn(CommandSpec spec, Path run) throws IOException {
        PrintWriter people = spec.commandLine().getErr();
        return CheckpointFolders.newestWhole(run, text -> people.println("note: " + text))
                .orElseThrow(() -> new IOException("--resume " + run
                        + " holds no checkpoint that is whole; give another run directory, or start again"));
    }

    private static void free(RunLock lock) throws IOException {
        if (lock != null) {
            lock.close();
        }
    }

    /** Frees the folder. */
    @Override
    public void close() throws IOException {
        free(lock);
    }

    private static Path newestRun(CommandSpec spec, Path outdir) throws IOException {
        if (outdir == null) {
            throw new ParameterException(
                    spec.commandLine(), "--resume without a folder takes the newest run in --outdir; give one of them");
        }
        return RunFolders.newest(outdir)
                .orElseThrow(() -> new IOException("--outdir " + outdir + " holds no run to resume"));
    }

    /** What the run goes on with. */
    Checkpoint checkpoint() {
        return stored.checkpoint();
    }

    /** Where the results will be, for people. */
    String describe() {
        return "output: "
                + (newRunIn == null ? run + ", going on" : "a new run directory in " + newRunIn + ", going on")
                + " from "
                + stored.folder().getFileName();
    }

    /** The folder that the run goes on in. */
    RunDirectory directory(String dataName, Invocation invocation) throws IOException {
        return newRunIn == null
                ? RunDirectory.resume(lock, stored, invocation)
                : RunDirectory.branch(stored, newRunIn, dataName, invocation);
    }

    /**
     * The arguments of {@link KeptOptions}: those of the run, unless others are given.
     *
     * @throws ParameterException if neither the run nor the command line says which images to train on
     */
    List<String> keptArguments() {
        List<String> arguments = new ArrayList<>(KeptOptions.given(spec));
        List<String> given = arguments.stream().map(ResumePoint::name).toList();
        if (recorded != null) {
            recorded.keptOptions().stream()
                    .filter(argument -> !given.contains(name(argument)))
                    .forEach(arguments::add);
        }
        if (arguments.stream().noneMatch(argument -> name(argument).equals("--data"))) {
            throw new ParameterException(
                    spec.commandLine(), "the run does not say which images it was trained on; give --data");
        }
        return arguments;
    }

    private static String name(String argument) {
        return argument.replaceFirst("=.*", "");
    }

    /** The engine, with its precision, and the threads of the run, unless others are given. */
    void takeExecution(EngineOptions engines) {
        List<String> given = GivenOptions.of(spec);
        ExecutionSettings own = checkpoint().training().execution();
        if (!given.contains("--engine") && !given.contains("--precision")) {
            boolean isBest = own.engine().equals(TrainingConfig.BEST_ENGINE);
            engines.name = isBest ? recordedEngine().orElse(own.engine()) : own.engine();
        }
        if (!given.contains("--threads") && own.threads() > 0) {
            engines.threads = own.threads();
        }
    }

    private Optional<String> recordedEngine() {
        return Optional.ofNullable(recorded).map(RecordedOptions::engine).filter(name -> !name.isEmpty());
    }

    /**
     * The checkpoint's settings, with the duration, the intervals and the images at a time of the command line where they
     * were given.
     *
     * @param batchGpu images at a time; null if not given
     */
    TrainingConfig settings(TrainingConfig given, Integer batchGpu) {
        List<String> options = GivenOptions.of(spec);
        TrainingConfig own = checkpoint().training();
        TrainingConfig.Builder settings = own.toBuilder();
        if (options.contains("--duration")) {
            settings.durationKimg(given.durationKimg());
        }
        if (options.contains("--tick") || options.contains("--snap") || options.contains("--dump")) {
            IntervalSettings before = own.intervals();
            IntervalSettings now = given.intervals();
            double tick = (options.contains("--tick") ? now : before).tickKimg();
            IntervalSettings snap = options.contains("--snap") ? now : before;
            IntervalSettings dump = options.contains("--dump") ? now : before;
            // Snapshots and checkpoints are counted in ticks.
            settings.tickKimg(tick)
                    .snapshotKimg(snap.snapshotKimg() / snap.tickKimg() * tick)
                    .checkpointKimg(dump.checkpointKimg() / dump.tickKimg() * tick);
        }
        if (options.contains("--dump-minutes")) {
            settings.checkpointMinutes(given.intervals().checkpointMinutes());
        }
        if (batchGpu != null) {
            settings.batchGpu(batchGpu);
        }
        try {
            return settings.build();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    /** Whether nothing is left to train, which it tells people. */
    boolean isFinished(TrainingConfig settings) {
        long images = checkpoint().state().images();
        if (images < settings.durationKimg() * 1000) {
            return false;
        }
        spec.commandLine()
                .getErr()
                .printf(
                        Locale.ROOT,
                        "nothing left to train: %s has reached its duration of %s Mimg with %,d %s; a larger"
                                + " --duration goes on%n",
                        run,
                        BigDecimal.valueOf(settings.durationKimg() / 1000)
                                .stripTrailingZeros()
                                .toPlainString(),
                        images,
                        images == 1 ? "image" : "images");
        return true;
    }
}

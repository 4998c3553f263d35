package org.patchdiffusion.train.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.patchdiffusion.files.AtomicFolder;
import org.patchdiffusion.files.Messages;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.io.ModelFile;
import org.patchdiffusion.train.StopReason;
import org.patchdiffusion.train.TrainingListener;
import org.patchdiffusion.train.TrainingRun;
import org.patchdiffusion.train.checkpoint.Checkpoint;
import org.patchdiffusion.train.step.StepResult;

/**
 * The folder of one training run: {@code training_options.json} (settings, data set, versions),
 * {@code model-<kimg>.safetensors}, the last two {@code checkpoint-<kimg>/}, and in {@code log.txt} what was written when.
 * The numbers of each tick are written by {@code org.patchdiffusion.train.watch}.
 *
 * <p>Checkpoints are written in the background. One that could not be written ends the training at the next step, and at
 * the latest at its end. A snapshot waits for the checkpoint on its way, so that no drawing of samples delays it.
 */
public final class RunDirectory implements TrainingListener {

    /** How many checkpoints stay: the newest, and one in case that is lost. */
    private static final int KEPT_CHECKPOINTS = 2;
    /** Key of the image counter in the metadata of a model file. */
    static final String IMAGES = "images";

    private final Path path;
    private final Invocation invocation;
    /** Where the run goes on; null for a fresh one. */
    private final StoredCheckpoint from;

    /** Freed at the end. */
    private final RunLock lock;

    private final RunLog log;
    private final CheckpointFolders checkpoints;
    /** Null before the start. */
    private RecordedOptions options;
    /** Null before the start and after the end. */
    private CheckpointWriter writer;

    private boolean isStopping;

    private RunDirectory(Path path, Invocation invocation, StoredCheckpoint from, RunLock lock) {
        this.path = path;
        this.lock = lock;
        this.invocation = invocation;
        this.from = from;
        this.log = new RunLog(path);
        this.checkpoints = new CheckpointFolders(path, KEPT_CHECKPOINTS);
    }

    /** Makes the next numbered folder for a run that is not called by a command. */
    public static RunDirectory create(Path parent, String dataName, ModelConfig model, int batch) throws IOException {
        return create(parent, dataName, model, batch, Invocation.NONE);
    }

    /**
     * Makes the next numbered folder, {@code 00000-<data>-<cond>-<arch>-<precond>-batch<N>}.
     *
     * @param parent folder of all runs; made if it is not there
     * @param dataName name of the data set
     * @param invocation how the run was called
     * @throws IOException if a folder cannot be made or written to; the message names it
     */
    public static RunDirectory create(Path parent, String dataName, ModelConfig model, int batch, Invocation invocation)
            throws IOException {
        return create(parent, dataName, model, batch, "", invocation);
    }

    /**
     * Makes the next numbered folder, {@code 00000-<data>-<cond>-<arch>-<precond>-batch<N>-<remark>}.
     *
     * @param parent folder of all runs; made if it is not there
     * @param dataName name of the data set
     * @param remark ends the name; empty for none
     * @throws IOException if a folder cannot be made or written to; the message names it
     */
    public static RunDirectory create(
            Path parent, String dataName, ModelConfig model, int batch, String remark, Invocation invocation)
            throws IOException {
        Path path = RunFolders.create(parent, dataName, model, batch, remark);
        return created(path, invocation, null);
    }

    /**
     * Makes a folder that is the run directory itself.
     *
     * @param folder made if it is not there
     * @throws IOException if it holds files already, or cannot be made or written to; the message names it
     */
    public static RunDirectory createItself(Path folder, Invocation invocation) throws IOException {
        return created(RunFolders.createItself(folder), invocation, null);
    }

    /**
     * Makes the next numbered folder for a run that goes on from a checkpoint of another one, whose statistics up to there
     * it takes over. The other run stays as it is.
     *
     * @param parent folder of all runs; made if it is not there
     * @param dataName name of the data set
     * @throws IOException if a folder cannot be made or written to; the message names it
     */
    public static RunDirectory branch(StoredCheckpoint from, Path parent, String dataName, Invocation invocation)
            throws IOException {
        Checkpoint checkpoint = from.checkpoint();
        Path path = RunFolders.create(
                parent, dataName, checkpoint.model(), checkpoint.training().batch(), "");
        return created(path, invocation, from);
    }

    private static RunDirectory created(Path path, Invocation invocation, StoredCheckpoint from) throws IOException {
        RunDirectory run = new RunDirectory(path, invocation, from, RunLock.take(path));
        try {
            run.log("created " + path);
        } catch (IOException e) {
            run.lock.close();
            throw e;
        }
        return run;
    }

    /**
     * The folder of a run that goes on in it from its newest whole checkpoint. Log and statistics go on too; lines of
     * {@code stats.jsonl} about steps that are taken again are removed when the training starts.
     *
     * @param lock of the folder, taken before the checkpoint was looked for, since somebody else may go on until then; freed
     *     at the end of the training
     * @throws IllegalArgumentException if the lock is that of another folder
     */
    public static RunDirectory resume(RunLock lock, StoredCheckpoint newest, Invocation invocation) throws IOException {
        Path path = newest.folder().toAbsolutePath().getParent();
        lock.requireOf(path);
        RunDirectory run = new RunDirectory(path, invocation, newest, lock);
        run.checkpoints.foundWhole(path.resolve(newest.folder().getFileName()));
        return run;
    }

    /** The folder. */
    public Path path() {
        return path;
    }

    @Override
    public void started(TrainingRun run) throws IOException {
        AtomicFolder.recover(path);
        options = RecordedOptions.of(run, invocation, earlierOptions());
        options.write(path);
        if (from != null) {
            log.takeOver(from.folder().toAbsolutePath().getParent(), run.startImages());
        }
        log("training " + run.parameters() + " parameters on " + Messages.count(run.dataSize(), "image") + " of "
                + run.dataName()
                + " with the engine " + run.engine()
                + (from == null
                        ? ""
                        : ", going on at " + Messages.count(run.startImages(), "image") + " from " + from.folder()));
        writer = new CheckpointWriter(checkpoints, log, DiffusionModel.layout(run.model()));
    }

    private List<RecordedOptions> earlierOptions() throws IOException {
        Path before = from == null ? null : from.folder().toAbsolutePath().getParent();
        boolean isRecorded = before != null && RecordedOptions.isIn(before);
        return isRecorded ? List.of(RecordedOptions.read(before)) : List.of();
    }

    @Override
    public void stepDone(StepResult step) throws IOException {
        writer.check();
    }

    @Override
    public void snapshot(long images, DiffusionModel model) throws IOException {
        writer.finish();
        Path file = ArtifactNames.modelFile(path, images);
        Map<String, String> provenance = new TreeMap<>();
        provenance.put(IMAGES, Long.toString(images));
        provenance.put("training_options", options.toString());
        ModelFile.write(file, model.config(), model.parameters(), provenance);
        log("wrote " + file.getFileName());
        // One model a thousand images is kept: the newest.
        for (Path older : ArtifactNames.otherModels(path, file, images)) {
            Files.delete(older);
            log("deleted " + older.getFileName() + ", which it replaces");
        }
    }

    /** In the background, but for the last one: there are no steps left that it could delay. */
    @Override
    public void checkpoint(Checkpoint checkpoint) throws IOException {
        writer.write(checkpoint);
        if (isStopping) {
            writer.finish();
        }
    }

    @Override
    public void stopping(StopReason reason) {
        isStopping = true;
    }

    @Override
    public void warning(String message) throws IOException {
        log("warning: " + message);
    }

    @Override
    public void finished(StopReason reason) throws IOException {
        closeWriter();
        log("finished: " + reason.name().toLowerCase(Locale.ROOT));
        lock.close();
    }

    /** Notes the failure, unless the disk is what failed: then the cause is worth more than a second message. */
    @Override
    public void failed(Exception cause) {
        noteFailure("failed: " + cause, cause);
        try {
            closeWriter();
        } catch (IOException e) {
            cause.addSuppressed(e);
            noteFailure("a checkpoint could not be written: " + e.getMessage(), cause);
        }
        try {
            lock.close();
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    private void noteFailure(String message, Exception cause) {
        try {
            log(message);
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    private void closeWriter() throws IOException {
        CheckpointWriter closing = writer;
        writer = null;
        if (closing != null) {
            closing.close();
        }
    }

    /** Count of images in a file name: thousands, six digits. */
    public static String kimg(long images) {
        return ArtifactNames.kimg(images);
    }

    /**
     * Adds a line with the time to {@code log.txt}.
     *
     * @throws IOException if it cannot be written; the message names the file
     */
    public void log(String message) throws IOException {
        log.say(message);
    }
}

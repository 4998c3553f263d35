package org.patchdiffusion.train.run;

import java.io.IOException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.Parameters;
import org.patchdiffusion.train.checkpoint.Checkpoint;
import org.patchdiffusion.train.checkpoint.TrainingState;
import org.patchdiffusion.train.concurrent.Uninterruptible;

/**
 * Writes checkpoints while training goes on: the state is copied, which takes as long as copying memory does, and one
 * thread writes the copy. At most one is on its way; the next one waits for it. A failure is thrown by whichever method
 * is called next, once.
 *
 * <p>Its methods are for one thread, the training thread. The copy takes as much memory as the state, from the start to
 * {@link #close}.
 */
final class CheckpointWriter implements AutoCloseable {
    private static final long NO_STEP = -1;

    private final CheckpointFolders folders;
    private final RunLog log;
    private final Parameters[] copies = new Parameters[4];
    private final ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
        Thread worker = new Thread(task, "write-checkpoint");
        worker.setDaemon(true);
        return worker;
    });
    /** Null if none is on its way. */
    private Future<Void> onItsWay;

    private long newestStep = NO_STEP;

    /** Takes the memory for the copy of a state over that layout. */
    CheckpointWriter(CheckpointFolders folders, RunLog log, ParameterLayout layout) {
        this.folders = folders;
        this.log = log;
        for (int i = 0; i < copies.length; i++) {
            copies[i] = Parameters.zeros(layout);
        }
    }

    /**
     * Begins to write a checkpoint, when the one before is done. The state may change as soon as this returns.
     *
     * @throws IOException if the one before could not be written
     */
    void write(Checkpoint checkpoint) throws IOException {
        finish();
        TrainingState state = checkpoint.state();
        if (state.steps() == newestStep) {
            return;
        }
        newestStep = state.steps();
        Checkpoint copy =
                new Checkpoint(checkpoint.training(), checkpoint.model(), checkpoint.dataFingerprint(), copy(state));
        onItsWay = thread.submit(() -> {
            log.say("wrote " + folders.add(copy).getFileName());
            return null;
        });
    }

    private TrainingState copy(TrainingState state) {
        Parameters[] sources = {state.parameters(), state.ema(), state.firstMoment(), state.secondMoment()};
        for (int i = 0; i < copies.length; i++) {
            INDArray target = copies[i].flat();
            target.assign(sources[i].flat());
        }
        return new TrainingState(copies[0], copies[1], copies[2], copies[3], state.progress());
    }

    /** Throws the failure of a checkpoint that is done; does not wait. */
    void check() throws IOException {
        if (onItsWay != null && onItsWay.isDone()) {
            finish();
        }
    }

    /** Waits until the checkpoint on its way is done, and throws its failure. */
    void finish() throws IOException {
        if (onItsWay == null) {
            return;
        }
        Future<Void> done = onItsWay;
        onItsWay = null;
        try {
            Uninterruptible.getOrThrow(done);
        } catch (IOException e) {
            newestStep = NO_STEP;
            String advice = folders.newest()
                    .map(whole -> "; see to that, then resume from " + whole + ", the newest one that is whole")
                    .orElse("; there is none to resume from yet: see to that, then start again");
            throw new IOException(e.getMessage() + advice, e);
        }
    }

    /** Waits until the checkpoint on its way is done, ends the thread, frees the copy, and throws the failure. */
    @Override
    public void close() throws IOException {
        try {
            finish();
        } finally {
            thread.shutdown();
            for (Parameters copy : copies) {
                copy.flat().close();
            }
        }
    }
}

package org.patchdiffusion.train;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Prepares the next batch on another thread while the current one is used. Batches come in order and are pure functions
 * of (seed, step), so training is the same with and without it.
 */
final class Prefetcher implements AutoCloseable {
    private final BatchSource source;
    private final ExecutorService worker = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "batches");
        thread.setDaemon(true);
        return thread;
    });
    private Future<TrainBatch> next;

    Prefetcher(BatchSource source) {
        this.source = source;
        this.next = worker.submit(source::next);
    }

    /** The next batch, which is the caller's to close. */
    TrainBatch take() {
        Future<TrainBatch> ready = next;
        next = null;
        TrainBatch batch = Uninterruptible.get(ready);
        next = worker.submit(source::next);
        return batch;
    }

    /** Waits for the batch in preparation and frees it. */
    @Override
    public void close() {
        worker.submit(source::close);
        worker.shutdown();
        // After a failure there is no batch in preparation.
        if (next != null) {
            Uninterruptible.get(next).close();
        }
    }
}

package org.patchdiffusion.data;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Batches being made ahead of their use by daemon threads, taken in the order in which they were submitted. */
final class Prefetcher implements AutoCloseable {

    private final ExecutorService workers;
    private final Deque<Future<PatchBatch>> ahead = new ArrayDeque<>();

    Prefetcher(int threads) {
        workers = Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(task, "pd-data-worker");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Number of batches submitted and not taken. */
    int ahead() {
        return ahead.size();
    }

    void submit(Callable<PatchBatch> batch) {
        ahead.add(workers.submit(batch));
    }

    /** Waits for the oldest batch; a failure of its making is thrown here. */
    PatchBatch take() {
        try {
            return ahead.remove().get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("waiting for training data was interrupted", e);
        }
    }

    /** Waits for the batches that were not taken, and frees them. */
    void clear() {
        while (!ahead.isEmpty()) {
            try {
                ahead.remove().get().close();
            } catch (ExecutionException e) {
                // Nobody asked for this batch; whoever does will meet the same failure.
                continue;
            } catch (InterruptedException e) {
                // What is left is freed by the garbage collector.
                Thread.currentThread().interrupt();
                ahead.clear();
            }
        }
    }

    @Override
    public void close() {
        clear();
        workers.shutdown();
    }
}

package org.patchdiffusion.data;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Makes batches ahead of their use on daemon threads, and hands them over in order. What each batch holds is decided when
 * it is planned, so the number of threads changes nothing. Used by one thread at a time.
 *
 * @param <T> a batch
 */
public final class Prefetcher<T> implements AutoCloseable {

    private final ExecutorService workers;
    private final int ahead;
    private final Supplier<Callable<T>> plans;
    private final Consumer<T> free;
    private final Deque<Future<T>> batches = new ArrayDeque<>();

    /**
     * Starts nothing yet: the first {@link #take} does.
     *
     * @param threads how many make batches, at least 1
     * @param ahead how many batches are made beside the one taken, at least 1
     * @param plans gives the making of the next batch; called in order, by the thread that takes
     * @param free frees a batch that nobody took
     * @throws IllegalArgumentException if a number is less than 1
     */
    public Prefetcher(int threads, int ahead, Supplier<Callable<T>> plans, Consumer<T> free) {
        if (threads < 1 || ahead < 1) {
            throw new IllegalArgumentException(
                    "prefetching " + ahead + " batches with " + threads + " threads, expected at least 1 of each");
        }
        this.ahead = ahead;
        this.plans = plans;
        this.free = free;
        workers = Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(task, "pd-batches");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * The next batch, which is the caller's to free. A failure of its making is thrown here. An interrupt does not end
     * the wait; the thread's flag stays set.
     */
    public T take() {
        while (batches.size() <= ahead) {
            batches.add(workers.submit(plans.get()));
        }
        try {
            return await(batches.remove());
        } catch (ExecutionException e) {
            throw unchecked(e.getCause());
        }
    }

    /** Waits for the batches in preparation and frees them; their failures concern nobody. */
    @Override
    public void close() {
        workers.shutdown();
        while (!batches.isEmpty()) {
            try {
                free.accept(await(batches.remove()));
            } catch (ExecutionException e) {
                // Nobody asked for this batch; whoever does will meet the same failure.
                continue;
            }
        }
    }

    private static <T> T await(Future<T> batch) throws ExecutionException {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return batch.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static RuntimeException unchecked(Throwable cause) {
        if (cause instanceof Error error) {
            throw error;
        }
        return cause instanceof RuntimeException failure ? failure : new IllegalStateException(cause);
    }
}

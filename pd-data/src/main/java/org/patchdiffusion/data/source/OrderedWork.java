package org.patchdiffusion.data.source;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Decodes images on all cores and hands them over in order. */
public final class OrderedWork {

    /** Results made ahead of the consumer, for each core: bounds the memory of a conversion. */
    private static final int AHEAD_PER_CORE = 16;

    private OrderedWork() {}

    /** What is done for each entry on the worker threads. */
    @FunctionalInterface
    public interface Work<T> {
        T of(String entry) throws IOException;
    }

    /** Takes results in order. */
    @FunctionalInterface
    public interface Consumer<T> {
        void accept(int index, T result) throws IOException;
    }

    /**
     * Does work for each entry on all cores and hands the results over in order, on the calling thread.
     *
     * @throws IOException of the work or the consumer, whichever fails first in the order of entries
     */
    public static <T> void forAll(List<String> entries, Work<T> work, Consumer<T> consumer) throws IOException {
        int cores = Runtime.getRuntime().availableProcessors();
        ExecutorService pool = Executors.newFixedThreadPool(cores, task -> {
            Thread thread = new Thread(task, "pd-image-decoder");
            thread.setDaemon(true);
            return thread;
        });
        try {
            Deque<Future<T>> ahead = new ArrayDeque<>();
            int submitted = 0;
            for (int i = 0; i < entries.size(); i++) {
                while (submitted < entries.size() && ahead.size() < AHEAD_PER_CORE * cores) {
                    String entry = entries.get(submitted++);
                    ahead.add(pool.submit(() -> work.of(entry)));
                }
                consumer.accept(i, get(ahead.remove()));
            }
        } finally {
            pool.shutdownNow();
        }
    }

    private static <T> T get(Future<T> future) throws IOException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException io) {
                throw io;
            }
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("reading images was interrupted", e);
        }
    }
}

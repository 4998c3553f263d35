package org.patchdiffusion.eval.sample;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Draws many seeds in batches on several generators at once. The images are those that one generator draws, in the order of
 * the seeds. The generators stay the caller's.
 */
public final class SeedWorkers {

    /** Told of each batch, in the order of the seeds, on the thread that asked for them. */
    @FunctionalInterface
    public interface BatchConsumer {
        /**
         * Takes a batch.
         *
         * @param seeds the seeds of the batch
         * @param samples their images; closed after the call
         * @throws IOException ends the drawing
         */
        void accept(long[] seeds, Samples samples) throws IOException;
    }

    private final List<ImageGenerator> generators;

    /**
     * Uses generators with the same settings, one for each worker.
     *
     * @throws IllegalArgumentException if there are none
     */
    public SeedWorkers(Collection<ImageGenerator> generators) {
        if (generators.isEmpty()) {
            throw new IllegalArgumentException("got no generators, expected one for each worker");
        }
        this.generators = List.copyOf(generators);
    }

    /**
     * Draws.
     *
     * @param seeds all seeds
     * @param batch images of a batch
     * @param listener told after each step of each batch, by several threads
     * @throws IOException if the consumer throws it
     */
    public void draw(long[] seeds, int batch, SamplerListener listener, BatchConsumer consumer) throws IOException {
        BlockingQueue<ImageGenerator> free = new ArrayBlockingQueue<>(generators.size(), false, generators);
        ExecutorService threads = Executors.newFixedThreadPool(generators.size());
        Deque<long[]> waiting = new ArrayDeque<>(batches(seeds, batch));
        Deque<Work> running = new ArrayDeque<>();
        try {
            while (!waiting.isEmpty() || !running.isEmpty()) {
                // One batch more than workers: none idles while a finished batch is written, and memory stays bounded.
                while (!waiting.isEmpty() && running.size() <= generators.size()) {
                    long[] some = waiting.removeFirst();
                    running.addLast(new Work(some, threads.submit(() -> sample(free, some, listener))));
                }
                Work first = running.removeFirst();
                try (Samples samples = result(first.samples())) {
                    consumer.accept(first.seeds(), samples);
                }
            }
        } finally {
            end(threads, running);
        }
    }

    private record Work(long[] seeds, Future<Samples> samples) {}

    private static List<long[]> batches(long[] seeds, int batch) {
        List<long[]> batches = new ArrayList<>();
        for (int from = 0; from < seeds.length; from += batch) {
            batches.add(Arrays.copyOfRange(seeds, from, Math.min(from + batch, seeds.length)));
        }
        return batches;
    }

    private static Samples sample(BlockingQueue<ImageGenerator> free, long[] seeds, SamplerListener listener)
            throws InterruptedException {
        ImageGenerator generator = free.take();
        try {
            return generator.sample(seeds, (step, sigma, x, denoised) -> {
                if (Thread.currentThread().isInterrupted()) {
                    throw new CancellationException("the other workers have stopped");
                }
                listener.stepDone(step, sigma, x, denoised);
            });
        } finally {
            free.add(generator);
        }
    }

    private static Samples result(Future<Samples> samples) {
        try {
            return samples.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("drawing was interrupted");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            if (e.getCause() instanceof Error failure) {
                throw failure;
            }
            throw new IllegalStateException("a worker failed", e.getCause());
        }
    }

    /** Stops the workers at their next step, waits for them and frees what nobody takes any more. */
    private static void end(ExecutorService threads, Deque<Work> running) {
        // What has not begun would never end.
        threads.shutdownNow().forEach(task -> ((Future<?>) task).cancel(false));
        for (Work work : running) {
            try {
                work.samples().get().close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (ExecutionException | CancellationException e) {
                // It failed or was stopped: there is nothing to free, and the first failure is on its way.
            }
        }
    }
}

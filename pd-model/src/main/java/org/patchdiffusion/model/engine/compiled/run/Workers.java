package org.patchdiffusion.model.engine.compiled.run;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.nd4j.nativeblas.NativeOpsHolder;

/** One thread for each replica. Threads are daemons, so that a forgotten {@link #close} never keeps a program from ending. */
public class Workers implements AutoCloseable {
    private final List<ExecutorService> threads = new ArrayList<>();
    private boolean closed;

    public Workers(int count) {
        for (int i = 0; i < count; i++) {
            String name = "patch-diffusion-replica-" + i;
            threads.add(Executors.newSingleThreadExecutor(task -> {
                Thread thread = new Thread(task, name);
                thread.setDaemon(true);
                return thread;
            }));
        }
    }

    public int count() {
        return threads.size();
    }

    /**
     * Runs task i on thread i and waits for all of them, also when one fails.
     *
     * <p>The first failure, in the order of the tasks, is thrown as it is, the others are suppressed in it; a checked
     * exception comes as the cause of an {@code IllegalStateException}.
     *
     * @param nativeThreads threads that native code may use inside each task; primitives keep the number that holds
     *     when they are made
     * @param tasks at most as many as there are threads
     * @throws IllegalStateException if the workers are closed
     */
    public <T> List<T> run(int nativeThreads, List<Callable<T>> tasks) {
        List<Future<T>> futures = submit(nativeThreads, tasks);
        List<T> results = new ArrayList<>();
        Failures failures = new Failures();
        for (Future<T> future : futures) {
            try {
                results.add(uninterrupted(future));
            } catch (ExecutionException e) {
                failures.add(e.getCause());
            }
        }
        if (failures.any()) {
            failures.raise();
        }
        return results;
    }

    private synchronized <T> List<Future<T>> submit(int nativeThreads, List<Callable<T>> tasks) {
        requireOpen();
        if (tasks.size() > threads.size()) {
            throw new IllegalArgumentException(tasks.size() + " tasks for " + threads.size() + " threads");
        }
        List<Future<T>> futures = new ArrayList<>();
        for (int i = 0; i < tasks.size(); i++) {
            Callable<T> task = tasks.get(i);
            try {
                futures.add(threads.get(i).submit(() -> {
                    NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(nativeThreads);
                    return task.call();
                }));
            } catch (RuntimeException | Error noThread) {
                // Those that run already are still waited for.
                futures.add(CompletableFuture.failedFuture(noThread));
            }
        }
        return futures;
    }

    /** Replicas write to shared memory, so a run always ends before its caller goes on; an interrupt is kept for later. */
    private static <T> T uninterrupted(Future<T> future) throws ExecutionException {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return future.get();
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

    /** @throws IllegalStateException if the workers are closed */
    public synchronized void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the engine is closed");
        }
    }

    /** Ends the threads; returns when what they run at this moment is done. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            threads.forEach(ExecutorService::shutdown);
        }
        boolean interrupted = false;
        for (ExecutorService thread : threads) {
            while (true) {
                try {
                    if (thread.awaitTermination(1, TimeUnit.MINUTES)) {
                        break;
                    }
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** The first failure, with the later ones suppressed in it. */
    private static final class Failures {
        private Throwable first;

        void add(Throwable failure) {
            if (first == null) {
                first = failure;
            } else if (failure != first) {
                first.addSuppressed(failure);
            }
        }

        boolean any() {
            return first != null;
        }

        void raise() {
            if (first instanceof RuntimeException exception) {
                throw exception;
            }
            if (first instanceof Error error) {
                throw error;
            }
            IllegalStateException wrapped = new IllegalStateException("a replica failed: " + first, first);
            for (Throwable later : first.getSuppressed()) {
                wrapped.addSuppressed(later);
            }
            throw wrapped;
        }
    }
}

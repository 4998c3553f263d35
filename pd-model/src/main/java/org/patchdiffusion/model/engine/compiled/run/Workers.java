package org.patchdiffusion.model.engine.compiled.run;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.nd4j.nativeblas.NativeOpsHolder;

/** One thread for each replica. Threads are daemons, so that they never keep a program from ending. */
public final class Workers {
    private final List<ExecutorService> threads = new ArrayList<>();

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
     * Runs task i on thread i and waits for all of them.
     *
     * @param nativeThreads threads that native code may use inside each task; primitives keep the number that holds
     *     when they are made
     */
    public <T> List<T> run(int nativeThreads, List<Callable<T>> tasks) {
        List<Future<T>> futures = new ArrayList<>();
        for (int i = 0; i < tasks.size(); i++) {
            Callable<T> task = tasks.get(i);
            futures.add(threads.get(i).submit(() -> {
                NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(nativeThreads);
                return task.call();
            }));
        }
        List<T> results = new ArrayList<>();
        RuntimeException failure = null;
        for (Future<T> future : futures) {
            try {
                results.add(uninterrupted(future));
            } catch (ExecutionException e) {
                RuntimeException cause = e.getCause() instanceof RuntimeException r
                        ? r
                        : new IllegalStateException("a replica failed: " + e.getCause(), e.getCause());
                if (failure == null) {
                    failure = cause;
                } else {
                    failure.addSuppressed(cause);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
        return results;
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
}

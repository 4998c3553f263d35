package org.patchdiffusion.model.engine.compiled.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class WorkersTest {

    @Test
    void runsEachTaskOnAThreadOfItsOwn() {
        try (Workers workers = new Workers(3)) {
            Callable<String> name = () -> Thread.currentThread().getName();
            List<String> wanted =
                    List.of("patch-diffusion-replica-0", "patch-diffusion-replica-1", "patch-diffusion-replica-2");
            assertEquals(wanted, workers.run(1, List.of(name, name, name)));
            assertEquals(wanted.subList(0, 2), workers.run(1, List.of(name, name)));
            assertThrows(IllegalArgumentException.class, () -> workers.run(1, List.of(name, name, name, name)));
        }
    }

    /** The others finish first, although the failure is there from the beginning. */
    @Test
    void throwsTheFirstFailureWhenAllHaveEnded() {
        AtomicInteger finished = new AtomicInteger();
        CountDownLatch failed = new CountDownLatch(1);
        IllegalArgumentException second = new IllegalArgumentException("second");
        OutOfMemoryError first = new OutOfMemoryError("first");
        Callable<Integer> slow = () -> {
            failed.await();
            Thread.sleep(20);
            return finished.incrementAndGet();
        };
        List<Callable<Integer>> tasks = List.of(
                slow,
                () -> {
                    failed.await();
                    throw first;
                },
                () -> {
                    failed.countDown();
                    throw second;
                },
                slow);
        try (Workers workers = new Workers(4)) {
            OutOfMemoryError thrown = assertThrows(OutOfMemoryError.class, () -> workers.run(1, tasks));
            assertSame(first, thrown);
            assertArrayEquals(new Throwable[] {second}, thrown.getSuppressed());
            assertEquals(2, finished.get());
            assertEquals(List.of(7), workers.run(1, List.of(() -> 7)), "the threads are still there");
        }
    }

    @Test
    void survivesAStackOverflow() {
        try (Workers workers = new Workers(1)) {
            assertThrows(StackOverflowError.class, () -> workers.run(1, List.of(() -> endless(1))));
            assertEquals(List.of(7), workers.run(1, List.of(() -> 7)));
        }
    }

    private static int endless(int depth) {
        return endless(depth + 1) + 1;
    }

    @Test
    void wrapsCheckedExceptionsAndKeepsLaterFailures() {
        IOException cause = new IOException("no disk");
        IllegalStateException alsoWrong = new IllegalStateException("no memory");
        try (Workers workers = new Workers(2)) {
            List<Callable<Integer>> tasks = List.of(
                    () -> {
                        throw cause;
                    },
                    () -> {
                        throw alsoWrong;
                    });
            IllegalStateException thrown = assertThrows(IllegalStateException.class, () -> workers.run(1, tasks));
            assertSame(cause, thrown.getCause());
            assertArrayEquals(new Throwable[] {alsoWrong}, thrown.getSuppressed());
        }
    }

    @Test
    void endsItsThreads() {
        List<Thread> threads;
        Workers workers = new Workers(2);
        threads = workers.run(1, List.of(Thread::currentThread, Thread::currentThread));
        assertTrue(threads.stream().allMatch(t -> t.isAlive() && t.isDaemon()));
        workers.close();
        workers.close();
        for (Thread thread : threads) {
            // The executor counts a thread as ended a moment before it is.
            assertTimely(thread);
        }
        IllegalStateException refusal =
                assertThrows(IllegalStateException.class, () -> workers.run(1, List.of(() -> 1)));
        assertEquals("the engine is closed", refusal.getMessage());
    }

    private static void assertTimely(Thread thread) {
        try {
            thread.join(10_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        assertFalse(thread.isAlive());
    }

    /** A task in progress uses memory that its owner frees after the engine. */
    @Test
    void waitsForWhatRuns() throws InterruptedException {
        Workers workers = new Workers(1);
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch closing = new CountDownLatch(1);
        AtomicInteger done = new AtomicInteger();
        Thread user = new Thread(() -> workers.run(1, List.of(() -> {
            running.countDown();
            closing.await();
            Thread.sleep(50);
            return done.incrementAndGet();
        })));
        user.start();
        running.await();
        closing.countDown();
        Thread.currentThread().interrupt();
        workers.close();
        assertEquals(1, done.get());
        assertTrue(Thread.interrupted(), "the interrupt is kept");
        user.join();
    }
}

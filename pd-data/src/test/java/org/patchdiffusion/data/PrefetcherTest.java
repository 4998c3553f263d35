package org.patchdiffusion.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class PrefetcherTest {

    private final List<Integer> freed = Collections.synchronizedList(new ArrayList<>());

    /** Counts from 0; the making of one number fails. */
    private static Supplier<Callable<Integer>> numbers(int failing) {
        AtomicInteger next = new AtomicInteger();
        return () -> {
            int number = next.getAndIncrement();
            return () -> {
                if (number == failing) {
                    throw new IllegalStateException("number " + number + " is missing");
                }
                return number;
            };
        };
    }

    @Test
    void batchesComeInOrderAndTheUntakenAreFreed() {
        try (Prefetcher<Integer> numbers = new Prefetcher<>(3, 2, numbers(-1), freed::add)) {
            for (int i = 0; i < 10; i++) {
                assertEquals(i, numbers.take());
            }
        }
        assertEquals(List.of(10, 11), freed);
    }

    @Test
    void aFailureOfABatchThatNobodyTookIsNoFailure() {
        try (Prefetcher<Integer> numbers = new Prefetcher<>(1, 3, numbers(2), freed::add)) {
            assertEquals(0, numbers.take());
            assertEquals(1, numbers.take());
        }
        assertEquals(List.of(3, 4), freed);
    }

    @Test
    void aFailureReachesWhoTakesTheBatch() {
        try (Prefetcher<Integer> numbers = new Prefetcher<>(1, 1, numbers(0), freed::add)) {
            assertEquals(
                    "number 0 is missing",
                    assertThrows(IllegalStateException.class, numbers::take).getMessage());
        }
        assertEquals(List.of(1), freed);
    }

    @Test
    void anInterruptDoesNotEndTheWait() {
        CountDownLatch asked = new CountDownLatch(1);
        Supplier<Callable<Integer>> slow = () -> () -> {
            asked.await();
            return 7;
        };
        try (Prefetcher<Integer> numbers = new Prefetcher<>(1, 1, slow, freed::add)) {
            Thread.currentThread().interrupt();
            new Thread(asked::countDown).start();
            assertEquals(7, numbers.take());
            assertTrue(Thread.interrupted());
        }
    }

    @Test
    void closingEndsTheThreads() throws InterruptedException {
        List<Thread> threads = Collections.synchronizedList(new ArrayList<>());
        Supplier<Callable<Integer>> plans = () -> () -> {
            threads.add(Thread.currentThread());
            return 0;
        };
        try (Prefetcher<Integer> numbers = new Prefetcher<>(2, 2, plans, freed::add)) {
            numbers.take();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertTrue(threads.size() >= 1);
        assertThrows(IllegalArgumentException.class, () -> new Prefetcher<>(0, 1, plans, freed::add));
    }
}

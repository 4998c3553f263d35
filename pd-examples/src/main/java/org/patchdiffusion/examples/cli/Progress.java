package org.patchdiffusion.examples.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/** Progress bars on standard error. */
public final class Progress {

    private static final long LONGEST_WAIT_SECONDS = 5;

    private Progress() {}

    /**
     * A bar; close it at the end.
     *
     * @param task what is going on
     * @param total where the bar ends; below 0 if unknown
     * @param unit what is counted, with a leading space
     */
    public static ProgressBar bar(String task, long total, String unit) {
        Console console = new Console(new ConsoleProgressBarConsumer(System.err), new CountDownLatch(1));
        ProgressBar bar = new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(total)
                .setUnit(unit, 1)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(1000)
                .setConsumer(console)
                .build();
        // A bar that is closed before it was drawn once never ends its line, and what is told next stands behind it.
        console.awaitFirst();
        return bar;
    }

    /** Standard error, which tells when a bar was drawn for the first time. */
    private record Console(ProgressBarConsumer errors, CountDownLatch drawn) implements ProgressBarConsumer {

        @Override
        public int getMaxRenderedLength() {
            return errors.getMaxRenderedLength();
        }

        @Override
        public void accept(String line) {
            errors.accept(line);
            drawn.countDown();
        }

        @Override
        public void clear() {
            errors.clear();
        }

        @Override
        public void close() {
            errors.close();
        }

        void awaitFirst() {
            try {
                drawn.await(LONGEST_WAIT_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}

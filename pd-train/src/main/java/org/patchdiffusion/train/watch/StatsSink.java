package org.patchdiffusion.train.watch;

import java.io.IOException;

/** Writes or shows the statistics of ticks. */
@FunctionalInterface
public interface StatsSink {

    /**
     * Takes a tick's statistics.
     *
     * @throws IOException if they cannot be written
     */
    void write(TickStats stats) throws IOException;
}

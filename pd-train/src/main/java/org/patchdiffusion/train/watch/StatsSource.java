package org.patchdiffusion.train.watch;

import java.util.Map;

/** Measures something of a run that goes into the statistics of the next tick. */
@FunctionalInterface
public interface StatsSource {

    /** What was measured since the last call, by name; empty if nothing was. */
    Map<String, Stat> take();
}

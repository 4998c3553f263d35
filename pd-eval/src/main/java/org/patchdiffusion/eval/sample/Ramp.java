package org.patchdiffusion.eval.sample;

import java.util.function.DoubleUnaryOperator;

/** Levels as a function of how far a run has come. */
final class Ramp {

    private Ramp() {}

    /**
     * Fills a schedule.
     *
     * @param levelAt the level at a fraction of the way, 0 for the first level to 1 for the last before 0
     * @return {@code steps} levels and a final 0
     */
    static double[] levels(int steps, DoubleUnaryOperator levelAt) {
        Settings.require(steps >= 2, "numSteps", steps, "at least 2 steps");
        double[] levels = new double[steps + 1];
        for (int i = 0; i < steps; i++) {
            levels[i] = levelAt.applyAsDouble((double) i / (steps - 1));
        }
        return levels;
    }
}

package org.patchdiffusion.eval.sample;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * A schedule rounded to the noise levels that a network knows.
 *
 * @param schedule the levels as they were meant
 * @param round the supported level nearest to a given one
 */
record NetworkSchedule(NoiseSchedule schedule, DoubleUnaryOperator round) implements NoiseSchedule {

    /** Levels that become one are visited once. */
    @Override
    public double[] levels(int steps) {
        double[] levels = schedule.levels(steps);
        return Arrays.stream(levels)
                .map(level -> level == 0 ? 0 : round.applyAsDouble(level))
                .distinct()
                .toArray();
    }

    @Override
    public NoiseSchedule clampedTo(double lowest, double highest) {
        return new NetworkSchedule(schedule.clampedTo(lowest, highest), round);
    }

    @Override
    public double supported(double sigma) {
        return round.applyAsDouble(sigma);
    }
}

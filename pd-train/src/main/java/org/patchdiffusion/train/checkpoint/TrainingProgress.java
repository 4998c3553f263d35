package org.patchdiffusion.train.checkpoint;

/**
 * How far training is.
 *
 * @param steps optimizer steps taken
 * @param images images counted: what the schedules and the duration go by
 * @param ticks ticks told so far
 * @param elapsedSec wall-clock seconds of all runs up to here
 */
public record TrainingProgress(long steps, long images, int ticks, double elapsedSec) {

    /** Before the first step. */
    public static final TrainingProgress NONE = new TrainingProgress(0, 0, 0, 0);

    /** @throws IllegalArgumentException if a number is negative */
    public TrainingProgress {
        if (steps < 0 || images < 0 || ticks < 0 || !(elapsedSec >= 0)) {
            throw new IllegalArgumentException("training progress of " + steps + " steps, " + images + " images, "
                    + ticks + " ticks and " + elapsedSec + " s, expected no negative number");
        }
    }

    /** After one more step that counts as so many images. */
    TrainingProgress step(long counted) {
        return new TrainingProgress(steps + 1, images + counted, ticks, elapsedSec);
    }

    TrainingProgress at(int newTicks, double newElapsedSec) {
        return new TrainingProgress(steps, images, newTicks, newElapsedSec);
    }
}

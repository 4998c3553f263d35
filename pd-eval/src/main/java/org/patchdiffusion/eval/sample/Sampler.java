package org.patchdiffusion.eval.sample;

import org.patchdiffusion.model.Denoiser;

/**
 * Turns noise into images with a denoiser. Samplers have no state of their own: one object serves any number of runs, on any
 * number of threads.
 *
 * <p>A sampler of your own is one method that takes {@link Trajectory#x} from each noise level to the next.
 */
@FunctionalInterface
public interface Sampler {

    /** Takes the images of a trajectory from its first noise level to its last, telling it of each step that is done. */
    void walk(Trajectory trajectory);

    /**
     * Samples a batch.
     *
     * @param denoiser the model; stays the caller's
     * @param schedule which noise levels to visit
     * @param request what to draw
     * @return the images, which the caller closes
     * @throws IllegalArgumentException if labels have a wrong shape, or the schedule has too few levels
     */
    default Samples sample(Denoiser denoiser, NoiseSchedule schedule, SampleRequest request) {
        try (Trajectory trajectory = new Trajectory(denoiser, schedule, request)) {
            walk(trajectory);
            return trajectory.samples();
        }
    }
}

package org.patchdiffusion.eval.sample;

/**
 * How to get from noise to images.
 *
 * @param sampler the method
 * @param schedule which noise levels to visit
 * @param steps how many of them, at least 2
 */
public record SamplingConfig(Sampler sampler, NoiseSchedule schedule, int steps) {

    /**
     * Checks the number of steps.
     *
     * @throws IllegalArgumentException if there are fewer than 2
     */
    public SamplingConfig {
        Settings.require(steps >= 2, "numSteps", steps, "at least 2 steps");
    }

    /** The deterministic sampler of Karras et al. 2022 with its 18 steps from 80 to 0.002. */
    public static SamplingConfig standard() {
        return new SamplingConfig(new EdmSampler(), KarrasSchedule.EDM, 18);
    }

    /** The same with another number of steps. */
    public SamplingConfig withSteps(int count) {
        return new SamplingConfig(sampler, schedule, count);
    }
}

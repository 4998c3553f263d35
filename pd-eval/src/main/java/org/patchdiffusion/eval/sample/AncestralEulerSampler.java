package org.patchdiffusion.eval.sample;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Euler's method with fresh noise after each step: ancestral sampling (Ho et al. 2020) in terms of noise levels. One
 * evaluation a step.
 *
 * <p>It is DDIM of Song et al. 2021, Equation 12, with the same eta: with alpha_bar = 1 / (1 + sigma^2), their step in x /
 * sqrt(alpha_bar) keeps D and scales the rest to sqrt(next^2 - up^2), where up = eta next sqrt(level^2 - next^2) / level.
 *
 * @param eta how much of the ancestral noise, 0 to 1: at 0 the sampler is {@link EulerSampler}
 * @param sNoise standard deviation of the noise, relative to the exact one
 */
public record AncestralEulerSampler(double eta, double sNoise) implements Sampler {

    /**
     * Checks the settings.
     *
     * @throws IllegalArgumentException naming the setting that is out of range
     */
    public AncestralEulerSampler {
        Stochasticity.require(eta, sNoise);
    }

    /** With the whole of the noise. */
    public AncestralEulerSampler() {
        this(1, 1);
    }

    @Override
    public void walk(Trajectory trajectory) {
        for (int i = 0; i < trajectory.steps(); i++) {
            double level = trajectory.level(i);
            AncestralStep step = AncestralStep.of(level, trajectory.level(i + 1), eta);
            INDArray denoised = trajectory.denoise(level);
            double rest = step.down() / level;
            trajectory.mix(rest, 1 - rest, denoised);
            trajectory.addNoise(i, step.up() * sNoise);
            trajectory.stepDone(i, denoised);
        }
    }
}

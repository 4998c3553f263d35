package org.patchdiffusion.eval.sample;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * DPM-Solver++(2S) of Lu et al. 2022 (arXiv 2211.01095, Algorithm 1, with the second evaluation halfway in {@code -log
 * sigma}), with the fresh noise of ancestral sampling after each step. Two evaluations a step, one in the last.
 *
 * @param eta how much of the ancestral noise, 0 to 1
 * @param sNoise standard deviation of the noise, relative to the exact one
 */
public record Dpmpp2sAncestralSampler(double eta, double sNoise) implements Sampler {

    /**
     * Checks the settings.
     *
     * @throws IllegalArgumentException naming the setting that is out of range
     */
    public Dpmpp2sAncestralSampler {
        Stochasticity.require(eta, sNoise);
    }

    /** With the whole of the noise. */
    public Dpmpp2sAncestralSampler() {
        this(1, 1);
    }

    @Override
    public void walk(Trajectory trajectory) {
        INDArray x = trajectory.x();
        INDArray start = trajectory.newArray();
        for (int i = 0; i < trajectory.steps(); i++) {
            double level = trajectory.level(i);
            AncestralStep step = AncestralStep.of(level, trajectory.level(i + 1), eta);
            double rest = step.down() / level;
            INDArray denoised = trajectory.denoise(level);
            if (step.down() == 0) {
                trajectory.mix(0, 1, denoised);
            } else {
                double middle = trajectory.supported(Math.sqrt(level * step.down()));
                start.assign(x);
                trajectory.mix(middle / level, 1 - middle / level, denoised);
                denoised = trajectory.denoise(middle);
                x.assign(start);
                trajectory.mix(rest, 1 - rest, denoised);
            }
            trajectory.addNoise(i, step.up() * sNoise);
            trajectory.stepDone(i, denoised);
        }
    }
}

package org.patchdiffusion.eval.sample;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * DPM-Solver++(2M) of Lu et al. 2022 (arXiv 2211.01095, Algorithm 2): second order from the estimates of two steps, in the
 * time {@code -log sigma}. One evaluation a step.
 */
public record Dpmpp2mSampler() implements Sampler {

    @Override
    public void walk(Trajectory trajectory) {
        INDArray previous = trajectory.newArray();
        double lastStep = 0;
        for (int i = 0; i < trajectory.steps(); i++) {
            double level = trajectory.level(i);
            double next = trajectory.level(i + 1);
            double rest = next / level;
            double step = -Math.log(rest);
            INDArray denoised = trajectory.denoise(level);
            if (i == 0 || next == 0) {
                trajectory.mix(rest, 1 - rest, denoised);
            } else {
                double extrapolation = step / (2 * lastStep);
                trajectory.mix(rest, (1 - rest) * (1 + extrapolation), denoised);
                trajectory.add((rest - 1) * extrapolation, previous);
            }
            previous.assign(denoised);
            lastStep = step;
            trajectory.stepDone(i, denoised);
        }
    }
}

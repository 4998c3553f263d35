package org.patchdiffusion.eval.sample;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Euler's first-order method along sigma(t) = t, which is DDIM (Song et al. 2021) without fresh noise. One evaluation a step. */
public record EulerSampler() implements Sampler {

    @Override
    public void walk(Trajectory trajectory) {
        for (int i = 0; i < trajectory.steps(); i++) {
            INDArray denoised = trajectory.denoise(trajectory.level(i));
            // x + (x - D) / level * (next - level)
            double rest = trajectory.level(i + 1) / trajectory.level(i);
            trajectory.mix(rest, 1 - rest, denoised);
            trajectory.stepDone(i, denoised);
        }
    }
}

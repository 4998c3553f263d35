package org.patchdiffusion.eval.sample;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The sampler of Karras et al. 2022, Algorithm 2: Heun's second-order method along sigma(t) = t, with optional fresh
 * noise in each step. Two evaluations a step, one in the last.
 *
 * @param churn the fresh noise
 */
public record EdmSampler(Churn churn) implements Sampler {

    /** The deterministic sampler. */
    public EdmSampler() {
        this(Churn.NONE);
    }

    @Override
    public void walk(Trajectory trajectory) {
        INDArray x = trajectory.x();
        INDArray start = trajectory.newArray();
        INDArray direction = trajectory.newArray();
        for (int i = 0; i < trajectory.steps(); i++) {
            double level = trajectory.level(i);
            double next = trajectory.level(i + 1);
            double raised = trajectory.supported(level * (1 + churn.raise(level, trajectory.steps())));
            if (raised > level) {
                trajectory.addNoise(i, Math.sqrt(raised * raised - level * level) * churn.sNoise());
            } else {
                raised = level;
            }
            start.assign(x);
            double h = next - raised;

            INDArray denoised = trajectory.denoise(raised);
            start.sub(denoised, direction).divi(raised);
            trajectory.add(h, direction);
            if (next > 0) {
                denoised = trajectory.denoise(next);
                direction.addi(x.subi(denoised).divi(next));
                x.assign(start);
                trajectory.add(h / 2, direction);
            }
            trajectory.stepDone(i, denoised);
        }
    }
}

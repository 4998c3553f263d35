package org.patchdiffusion.eval.sample;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * SDE-DPM-Solver++(2M) of Lu et al. 2022 (arXiv 2211.01095, section 5 and appendix): second order from the estimates of two
 * steps, with fresh noise. One evaluation a step.
 *
 * @param correction how the second order is reached
 * @param eta how much of the noise of the reverse SDE, 0 to 1
 * @param sNoise standard deviation of the noise, relative to the exact one
 */
public record Dpmpp2mSdeSampler(Correction correction, double eta, double sNoise) implements Sampler {

    /** How the second order is reached. */
    public enum Correction {
        /** From the value in the middle of the step. */
        MIDPOINT,
        /** From the slope over the whole step. */
        HEUN
    }

    /**
     * Checks the settings.
     *
     * @throws IllegalArgumentException naming the setting that is out of range
     */
    public Dpmpp2mSdeSampler {
        Stochasticity.require(eta, sNoise);
    }

    /** With the whole of the noise. */
    public Dpmpp2mSdeSampler(Correction correction) {
        this(correction, 1, 1);
    }

    @Override
    public void walk(Trajectory trajectory) {
        INDArray previous = trajectory.newArray();
        double lastStep = 0;
        for (int i = 0; i < trajectory.steps(); i++) {
            double level = trajectory.level(i);
            double next = trajectory.level(i + 1);
            INDArray denoised = trajectory.denoise(level);
            if (next == 0) {
                trajectory.mix(0, 1, denoised);
            } else {
                double step = Math.log(level / next);
                double weight = i == 0 ? 0 : weight(step * (1 + eta)) * step / lastStep;
                trajectory.mix(Math.exp(-step * (1 + eta)), -Math.expm1(-step * (1 + eta)) + weight, denoised);
                trajectory.add(-weight, previous);
                trajectory.addNoise(i, next * Math.sqrt(-Math.expm1(-2 * eta * step)) * sNoise);
                lastStep = step;
            }
            previous.assign(denoised);
            trajectory.stepDone(i, denoised);
        }
    }

    /** Of the change of the estimate over a step, how much comes into the images. */
    private double weight(double h) {
        return correction == Correction.MIDPOINT ? -Math.expm1(-h) / 2 : 1 + Math.expm1(-h) / h;
    }
}

package org.patchdiffusion.eval.sample;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The third-order multistep form of SDE-DPM-Solver++ (Lu et al. 2022, arXiv 2211.01095), as k-diffusion has it: from the
 * estimates of three steps, with fresh noise. One evaluation a step.
 *
 * @param curvature how much of the second difference of the estimates is used
 * @param eta how much of the noise of the reverse SDE, 0 to 1
 * @param sNoise standard deviation of the noise, relative to the exact one
 */
public record Dpmpp3mSdeSampler(Curvature curvature, double eta, double sNoise) implements Sampler {

    /** How much of the second difference of the estimates is used. */
    public enum Curvature {
        /** Half, as it is published and as other tools have it. The method is then of second order, if a good one. */
        HALF(1),
        /** All of it: the integral of the parabola through the estimates, which is of third order. */
        WHOLE(2);

        private final double factor;

        Curvature(double factor) {
            this.factor = factor;
        }
    }

    /**
     * Checks the settings.
     *
     * @throws IllegalArgumentException naming the setting that is out of range
     */
    public Dpmpp3mSdeSampler {
        Stochasticity.require(eta, sNoise);
    }

    /** As published, with the whole of the noise. */
    public Dpmpp3mSdeSampler() {
        this(Curvature.HALF, 1, 1);
    }

    @Override
    public void walk(Trajectory trajectory) {
        INDArray previous = trajectory.newArray();
        INDArray beforePrevious = trajectory.newArray();
        double last = 0;
        double beforeLast = 0;
        for (int i = 0; i < trajectory.steps(); i++) {
            double level = trajectory.level(i);
            double next = trajectory.level(i + 1);
            INDArray denoised = trajectory.denoise(level);
            if (next == 0) {
                trajectory.mix(0, 1, denoised);
            } else {
                double step = Math.log(level / next);
                double h = step * (1 + eta);
                double[] weights = weights(h, i > 0 ? last / step : 0, i > 1 ? beforeLast / step : 0);
                trajectory.mix(Math.exp(-h), -Math.expm1(-h) + weights[0], denoised);
                trajectory.add(weights[1], previous);
                trajectory.add(weights[2], beforePrevious);
                trajectory.addNoise(i, next * Math.sqrt(-Math.expm1(-2 * eta * step)) * sNoise);
                beforeLast = last;
                last = step;
            }
            beforePrevious.assign(previous);
            previous.assign(denoised);
            trajectory.stepDone(i, denoised);
        }
    }

    /**
     * Weights of the estimates of this step and the two before it, beside the first-order part.
     *
     * @param h length of the step
     * @param last length of the last step in units of this one, 0 if there is none
     * @param beforeLast length of the one before, 0 if there is none
     */
    private double[] weights(double h, double last, double beforeLast) {
        double phi2 = Math.expm1(-h) / h + 1;
        if (last == 0) {
            return new double[3];
        }
        if (beforeLast == 0) {
            return new double[] {phi2 / last, -phi2 / last, 0};
        }
        double phi3 = curvature.factor * (phi2 / h - 0.5);
        // Divided differences: first = (D0 - D1) / last, second = (D1 - D2) / beforeLast.
        double ofFirst = phi2 * (1 + last / (last + beforeLast)) - phi3 / (last + beforeLast);
        double ofSecond = -phi2 * last / (last + beforeLast) + phi3 / (last + beforeLast);
        return new double[] {ofFirst / last, -ofFirst / last + ofSecond / beforeLast, -ofSecond / beforeLast};
    }
}

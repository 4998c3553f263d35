package org.patchdiffusion.eval.sample;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The general sampler of Karras et al. 2022: the ODE of Equation 4 for any combination of solver, time steps, schedule
 * and scaling of Table 1, with optional fresh noise. With Heun's method, the EDM steps, the linear schedule and no
 * scaling it is {@link EdmSampler}. Run it with {@link AblationConfig#levels}, or any other schedule in its noise range.
 *
 * @param config the choices
 */
public record AblationSampler(AblationConfig config) implements Sampler {

    @Override
    public void walk(Trajectory trajectory) {
        Path path = new Path(trajectory, config.timeSchedule(), config.scaling());
        int steps = trajectory.steps();
        double[] t = new double[steps + 1];
        for (int i = 0; i <= steps; i++) {
            t[i] = trajectory.level(i) == 0 ? 0 : path.schedule.time(trajectory.level(i));
        }
        INDArray x = trajectory.x();
        INDArray start = trajectory.newArray();
        INDArray first = trajectory.newArray();
        INDArray second = trajectory.newArray();
        x.muli(path.scale(t[0]));
        for (int i = 0; i < steps; i++) {
            double raised = addNoise(path, t[i], i);
            start.assign(x);
            double h = t[i + 1] - raised;
            double alpha = config.alpha();
            INDArray denoised = path.slope(start, raised, first);
            if (config.solver() == AblationConfig.Solver.EULER || t[i + 1] == 0) {
                trajectory.add(h, first);
            } else {
                trajectory.add(alpha * h, first);
                denoised = path.slope(x, raised + alpha * h, second);
                x.assign(start);
                trajectory.add(h * (1 - 1 / (2 * alpha)), first);
                trajectory.add(h / (2 * alpha), second);
            }
            trajectory.stepDone(i, denoised);
        }
    }

    /** Raises the noise of x as Algorithm 2 does; returns the time that the raised level belongs to. */
    private double addNoise(Path path, double t, int step) {
        double sigma = path.schedule.sigma(t);
        double raise = config.churn().raise(sigma, path.trajectory.steps());
        if (raise == 0) {
            return t;
        }
        double raised = path.schedule.time(path.trajectory.supported(sigma * (1 + raise)));
        double raisedSigma = path.schedule.sigma(raised);
        double added = Math.sqrt(Math.max(0, raisedSigma * raisedSigma - sigma * sigma));
        path.trajectory.x().muli(path.scale(raised) / path.scale(t));
        path.trajectory.addNoise(
                step, added * path.scale(raised) * config.churn().sNoise());
        return raised;
    }

    /** Schedule and scaling: how a noisy image runs over time. */
    private record Path(Trajectory trajectory, TimeSchedule schedule, AblationConfig.Scaling scaling) {
        double scale(double t) {
            double sigma = schedule.sigma(t);
            return scaling == AblationConfig.Scaling.NONE ? 1 : 1 / Math.sqrt(1 + sigma * sigma);
        }

        /** (ds/dt) / s. */
        double relativeScaleSlope(double t) {
            double scale = scale(t);
            return scaling == AblationConfig.Scaling.NONE ? 0 : -schedule.sigma(t) * schedule.slope(t) * scale * scale;
        }

        /**
         * dx/dt = (sigma'/sigma + s'/s) x - (sigma' s / sigma) D(x / s; sigma), Algorithm 1, into {@code result}.
         *
         * @return D(x / s; sigma)
         */
        INDArray slope(INDArray x, double t, INDArray result) {
            double sigma = schedule.sigma(t);
            double growth = schedule.slope(t) / sigma;
            double scale = scale(t);
            INDArray denoised = trajectory.denoise(x.div(scale, result), sigma);
            x.mul(growth + relativeScaleSlope(t), result);
            trajectory.subtract(growth * scale, denoised, result);
            return denoised;
        }
    }
}

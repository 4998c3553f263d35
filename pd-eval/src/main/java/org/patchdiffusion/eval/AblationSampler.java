package org.patchdiffusion.eval;

import java.util.function.DoubleUnaryOperator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.Denoiser;
import org.patchdiffusion.model.precond.Preconditioning;

/**
 * The general sampler of Karras et al. 2022: the ODE of Equation 4 for any combination of solver, time steps, schedule
 * and scaling of Table 1, with optional fresh noise. With Heun's method, the EDM steps, the linear schedule and no
 * scaling it is {@link EdmSampler}.
 *
 * @param config the choices
 * @param roundSigma the noise level that the network supports nearest to a given one
 */
public record AblationSampler(AblationConfig config, DoubleUnaryOperator roundSigma) implements Sampler {

    /** A sampler for networks that support every noise level. */
    public AblationSampler(AblationConfig config) {
        this(config, DoubleUnaryOperator.identity());
    }

    /**
     * A sampler that keeps to the noise levels of a network: clamped to its range, rounded to its table.
     *
     * @throws IllegalArgumentException if nothing of the range is left
     */
    public static AblationSampler of(AblationConfig config, Preconditioning preconditioning) {
        return new AblationSampler(
                config.withBase(config.base().clampedTo(preconditioning.sigmaMin(), preconditioning.sigmaMax())),
                preconditioning::roundSigma);
    }

    @Override
    public Samples sample(
            Denoiser denoiser, INDArray latents, NoiseSource noise, INDArray labels, SamplerListener listener) {
        long[] shape = EdmSampler.checkedShape(latents);
        Path path = new Path(config.noiseSchedule(), config.scaling());
        double[] t = times(path.schedule);
        INDArray x =
                Nd4j.create(DataType.DOUBLE, shape).assign(latents).muli(path.schedule.sigma(t[0]) * path.scale(t[0]));
        try (Float32Network network = new Float32Network(denoiser, shape, labels);
                INDArray start = Nd4j.create(DataType.DOUBLE, shape);
                INDArray first = Nd4j.create(DataType.DOUBLE, shape);
                INDArray second = Nd4j.create(DataType.DOUBLE, shape)) {
            for (int i = 0; i < t.length - 1; i++) {
                double raised = addNoise(path, t[i], i, noise, x, second);
                start.assign(x);
                double h = t[i + 1] - raised;
                double alpha = config.alpha();
                path.slope(network, start, raised, first);
                if (config.solver() == AblationConfig.Solver.EULER || t[i + 1] == 0) {
                    start.add(first.muli(h), x);
                } else {
                    start.add(first.mul(alpha * h, second), x);
                    path.slope(network, x, raised + alpha * h, second);
                    first.muli(h * (1 - 1 / (2 * alpha))).addi(second.muli(h / (2 * alpha)));
                    start.add(first, x);
                }
                listener.stepDone(i + 1, t.length - 1, path.schedule.sigma(t[i + 1]), x);
            }
            return new Samples(x, network.evaluations());
        } catch (RuntimeException | Error failure) {
            x.close();
            throw failure;
        }
    }

    /** The times of the steps, and a final 0. */
    private double[] times(NoiseSchedule schedule) {
        double[] levels = config.noiseLevels();
        double[] t = new double[levels.length + 1];
        for (int i = 0; i < levels.length; i++) {
            t[i] = schedule.time(roundSigma.applyAsDouble(levels[i]));
        }
        return t;
    }

    /** Raises the noise of x as Algorithm 2 does; returns the time that the raised level belongs to. */
    private double addNoise(Path path, double t, int step, NoiseSource noise, INDArray x, INDArray scratch) {
        double sigma = path.schedule.sigma(t);
        double churn = config.base().churn(sigma);
        if (churn == 0) {
            return t;
        }
        double raised = path.schedule.time(roundSigma.applyAsDouble(sigma * (1 + churn)));
        double raisedSigma = path.schedule.sigma(raised);
        double added = Math.sqrt(Math.max(0, raisedSigma * raisedSigma - sigma * sigma));
        noise.fill(step, scratch);
        x.muli(path.scale(raised) / path.scale(t));
        x.addi(scratch.muli(added * path.scale(raised) * config.base().sNoise()));
        return raised;
    }

    /** Schedule and scaling: how a noisy image runs over time. */
    private record Path(NoiseSchedule schedule, AblationConfig.Scaling scaling) {
        double scale(double t) {
            double sigma = schedule.sigma(t);
            return scaling == AblationConfig.Scaling.NONE ? 1 : 1 / Math.sqrt(1 + sigma * sigma);
        }

        /** (ds/dt) / s. */
        double relativeScaleSlope(double t) {
            double scale = scale(t);
            return scaling == AblationConfig.Scaling.NONE ? 0 : -schedule.sigma(t) * schedule.slope(t) * scale * scale;
        }

        /** dx/dt = (sigma'/sigma + s'/s) x - (sigma' s / sigma) D(x / s; sigma), Algorithm 1, into {@code result}. */
        void slope(Float32Network network, INDArray x, double t, INDArray result) {
            double sigma = schedule.sigma(t);
            double growth = schedule.slope(t) / sigma;
            double scale = scale(t);
            INDArray denoised = network.denoise(x.div(scale, result), sigma);
            x.mul(growth + relativeScaleSlope(t), result);
            result.subi(denoised.muli(growth * scale));
        }
    }
}

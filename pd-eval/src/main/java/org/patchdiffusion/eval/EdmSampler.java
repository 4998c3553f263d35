package org.patchdiffusion.eval;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.Denoiser;
import org.patchdiffusion.model.precond.Preconditioning;

/**
 * The sampler of Karras et al. 2022, Algorithm 2: Heun's second-order method along sigma(t) = t, with optional fresh
 * noise in each step. The state is float64; the network sees float32.
 *
 * @param config noise levels and stochasticity
 * @param roundSigma the noise level that the network supports nearest to a given one
 */
public record EdmSampler(EdmSamplerConfig config, DoubleUnaryOperator roundSigma) implements Sampler {

    /** A sampler for networks that support every noise level. */
    public EdmSampler(EdmSamplerConfig config) {
        this(config, DoubleUnaryOperator.identity());
    }

    /**
     * A sampler that keeps to the noise levels of a network: clamped to its range, rounded to its table.
     *
     * @throws IllegalArgumentException if nothing of the range is left
     */
    public static EdmSampler of(EdmSamplerConfig config, Preconditioning preconditioning) {
        return new EdmSampler(
                config.clampedTo(preconditioning.sigmaMin(), preconditioning.sigmaMax()), preconditioning::roundSigma);
    }

    @Override
    public Samples sample(
            Denoiser denoiser, INDArray latents, NoiseSource noise, INDArray labels, SamplerListener listener) {
        long[] shape = checkedShape(latents);
        double[] t = config.noiseLevels();
        for (int i = 0; i < config.numSteps(); i++) {
            t[i] = roundSigma.applyAsDouble(t[i]);
        }
        INDArray x = Nd4j.create(DataType.DOUBLE, shape).assign(latents).muli(t[0]);
        try (Float32Network network = new Float32Network(denoiser, shape, labels);
                INDArray direction = Nd4j.create(DataType.DOUBLE, shape);
                INDArray change = Nd4j.create(DataType.DOUBLE, shape);
                INDArray start = Nd4j.create(DataType.DOUBLE, shape)) {
            for (int i = 0; i < config.numSteps(); i++) {
                double raised = roundSigma.applyAsDouble(t[i] * (1 + config.churn(t[i])));
                if (raised > t[i]) {
                    noise.fill(i, change);
                    x.addi(change.muli(Math.sqrt(raised * raised - t[i] * t[i]) * config.sNoise()));
                }
                start.assign(x);
                double h = t[i + 1] - raised;

                slope(network, start, raised, direction);
                start.add(direction.mul(h, change), x);
                if (t[i + 1] > 0) {
                    slope(network, x, t[i + 1], change);
                    direction.addi(change).muli(h / 2);
                    start.add(direction, x);
                }
                listener.stepDone(i + 1, config.numSteps(), t[i + 1], x);
            }
            return new Samples(x, network.evaluations());
        } catch (RuntimeException | Error failure) {
            x.close();
            throw failure;
        }
    }

    /** dx/dt = (x - D(x; t)) / t, into {@code result}. */
    private static void slope(Float32Network network, INDArray x, double t, INDArray result) {
        x.sub(network.denoise(x, t), result).divi(t);
    }

    /** The shape of the latents, if it is one of images. */
    static long[] checkedShape(INDArray latents) {
        if (latents.rank() != 4) {
            throw new IllegalArgumentException("latents have shape " + Arrays.toString(latents.shape())
                    + ", expected [images, channels, height, width]");
        }
        return latents.shape();
    }
}

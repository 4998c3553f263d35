package org.patchdiffusion.eval.sample;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** How fast the error of each method falls with the number of steps, on a mixture of Gaussians whose denoiser is known. */
class SamplerOrderTest {
    /** So wide that the first and last steps, which multistep methods make with a lower order, are of no account. */
    private static final NoiseRange RANGE = new NoiseRange(1e-3, 1e4);

    private static final MixtureDenoiser MIXTURE = new MixtureDenoiser(
            new double[][] {{0.8, -0.5, 0.1, 0.4}, {-0.6, 0.3, 0.9, -0.2}, {0.1, 0.7, -0.8, 0.5}},
            new double[] {0.5, 0.3, 0.2},
            0.4);
    private static final double[] LATENT = {0.3, -1.1, 0.7, 0.4};

    @ParameterizedTest
    @CsvSource({
        "euler, 1, 0.25",
        "ddim, 1, 0.25",
        "heun, 2, 0.3",
        "dpmpp-2m, 2, 0.3",
        "2s, 2, 0.3",
        "2m-sde, 2, 0.3",
        "2m-sde-heun, 2, 0.3",
        "dpmpp-3m, 3, 0.4",
        "3m as published, 2, 0.3",
        "lms-1, 1, 0.25",
        "lms-2, 2, 0.3",
        "lms-3, 3, 0.4"
    })
    void theErrorFallsWithTheOrder(String name, double order, double tolerance) {
        double measured = order(sampler(name));
        assertEquals(order, measured, tolerance, name + " is of order " + measured);
    }

    /** The corrector gains up to one order over the predictor. */
    @ParameterizedTest
    @CsvSource({"unipc-bh1-2, 2", "unipc-bh2-2, 2", "unipc-bh1-3, 3", "unipc-bh2-3, 3"})
    void predictorAndCorrectorHaveAtLeastTheOrder(String name, double order) {
        double measured = order(Samplers.byName(name));
        assertTrue(measured > order - 0.3 && measured < order + 1.4, name + " is of order " + measured);
    }

    private static Sampler sampler(String name) {
        return switch (name) {
            case "2s" -> new Dpmpp2sAncestralSampler(0, 1);
            case "2m-sde" -> new Dpmpp2mSdeSampler(Dpmpp2mSdeSampler.Correction.MIDPOINT, 0, 1);
            case "2m-sde-heun" -> new Dpmpp2mSdeSampler(Dpmpp2mSdeSampler.Correction.HEUN, 0, 1);
            case "3m as published" -> new Dpmpp3mSdeSampler(Dpmpp3mSdeSampler.Curvature.HALF, 0, 1);
            case "lms-1" -> new LmsSampler(1);
            case "lms-2" -> new LmsSampler(2);
            case "lms-3" -> new LmsSampler(3);
            default -> Samplers.byName(name);
        };
    }

    private static double order(Sampler sampler) {
        return Math.log(error(sampler, 160) / error(sampler, 320)) / Math.log(2);
    }

    /** Distance from the exact path where a run of so many equal steps of log sigma arrives at the lowest level. */
    private static double error(Sampler sampler, int steps) {
        double[] exact = exact();
        double[] error = new double[1];
        try (INDArray latents = Nd4j.createFromArray(LATENT).reshape(1, 1, 2, 2)) {
            SampleRequest request = SampleRequest.of(latents)
                    .withSteps(steps)
                    .withListener((step, sigma, x, denoised) -> {
                        if (step == steps - 1) {
                            error[0] = distance(x.dup('c').data().asDouble(), exact);
                        }
                    });
            sampler.sample(MIXTURE, PolyexponentialSchedule.exponential(RANGE), request)
                    .close();
        }
        return error[0];
    }

    private static double distance(double[] one, double[] other) {
        double sum = 0;
        for (int i = 0; i < one.length; i++) {
            sum += (one[i] - other[i]) * (one[i] - other[i]);
        }
        return Math.sqrt(sum);
    }

    /** The classical Runge-Kutta method along s = log sigma, dx/ds = x - D(x; e^s), with 4,000 steps. */
    private static double[] exact() {
        int steps = 4000;
        double top = Math.log(RANGE.highest());
        double h = (Math.log(RANGE.lowest()) - top) / steps;
        double[] x = LATENT.clone();
        for (int i = 0; i < x.length; i++) {
            x[i] *= RANGE.highest();
        }
        for (int i = 0; i < steps; i++) {
            double s = top + i * h;
            double[] k1 = slope(x, s);
            double[] k2 = slope(moved(x, h / 2, k1), s + h / 2);
            double[] k3 = slope(moved(x, h / 2, k2), s + h / 2);
            double[] k4 = slope(moved(x, h, k3), s + h);
            for (int j = 0; j < x.length; j++) {
                x[j] += h / 6 * (k1[j] + 2 * k2[j] + 2 * k3[j] + k4[j]);
            }
        }
        return x;
    }

    private static double[] slope(double[] x, double s) {
        return moved(x, -1, MIXTURE.denoise(x, Math.exp(s)));
    }

    private static double[] moved(double[] x, double factor, double[] direction) {
        double[] moved = x.clone();
        for (int i = 0; i < moved.length; i++) {
            moved[i] += factor * direction[i];
        }
        return moved;
    }
}

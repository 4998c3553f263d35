package org.patchdiffusion.eval.sample;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.Denoiser;

/**
 * The variance of stochastic samplers, exactly: with a linear denoiser a run is a linear function of its starting noise and of
 * each fresh noise, so its variance is the sum of the squares of the answers to one of them at a time.
 */
class StochasticVarianceTest {
    private static final int STEPS = 12;
    private static final Denoiser POINT = new Float64Denoiser((x, sigma) -> x.mul(0));
    private static final Denoiser NORMAL = new Float64Denoiser((x, sigma) -> x.mul(0.25 / (0.25 + sigma * sigma)));

    static Map<String, Sampler> stochastic() {
        return Map.of(
                "euler-ancestral", new AncestralEulerSampler(),
                "euler-ancestral, half", new AncestralEulerSampler(0.5, 1),
                "2s", new Dpmpp2sAncestralSampler(),
                "2m-sde", new Dpmpp2mSdeSampler(Dpmpp2mSdeSampler.Correction.MIDPOINT),
                "2m-sde-heun", new Dpmpp2mSdeSampler(Dpmpp2mSdeSampler.Correction.HEUN, 0.5, 1),
                "3m-sde", new Dpmpp3mSdeSampler(),
                "heun", new EdmSampler(Churn.of(5)));
    }

    static Set<String> names() {
        return stochastic().keySet();
    }

    @ParameterizedTest
    @MethodSource("names")
    void ofDataInOnePointItIsThatOfTheNoiseAfterEveryStep(String name) {
        double[] levels = KarrasSchedule.EDM.levels(STEPS);
        double[] variances = variances(stochastic().get(name), POINT, STEPS);
        for (int i = 1; i < STEPS; i++) {
            assertEquals(1, variances[i] / (levels[i] * levels[i]), 1e-11, "after step " + i);
        }
        assertEquals(0, variances[STEPS]);
    }

    /** The error of the variance of normal data falls with the steps towards 0. */
    @ParameterizedTest
    @MethodSource("names")
    void ofNormalDataItConvergesToThatOfTheData(String name) {
        double coarse = errorOfDeviation(name, 24);
        double fine = errorOfDeviation(name, 384);
        assertTrue(fine < 0.02, "error of the deviation with 384 steps: " + fine);
        assertTrue(coarse / fine > 10, "24 steps: " + coarse + ", 384 steps: " + fine);
    }

    private static double errorOfDeviation(String name, int steps) {
        double variance = variances(stochastic().get(name), NORMAL, steps)[steps];
        return Math.abs(Math.sqrt(variance) / 0.5 - 1);
    }

    @Test
    void theNoiseCanBeMadeStronger() {
        double[] plain = variances(new AncestralEulerSampler(1, 1), POINT, 3);
        double[] strong = variances(new AncestralEulerSampler(1, 2), POINT, 3);
        double[] levels = KarrasSchedule.EDM.levels(3);
        AncestralStep first = AncestralStep.of(levels[0], levels[1], 1);
        assertEquals(3 * first.up() * first.up(), strong[1] - plain[1], 1e-12 * strong[1]);
    }

    @Test
    void ddimIsAncestralSamplingOfTheSameEta() {
        // Song et al. 2021, Equation 12, in x / sqrt(alpha_bar), written out for one step of one pixel.
        double level = 3;
        double next = 1.2;
        double eta = 0.7;
        double x = 2.5;
        double denoised = x * 0.25 / (0.25 + level * level);
        double alphaBar = 1 / (1 + level * level);
        double nextAlphaBar = 1 / (1 + next * next);
        double s = eta * Math.sqrt((1 - nextAlphaBar) / (1 - alphaBar)) * Math.sqrt(1 - alphaBar / nextAlphaBar);
        double epsilon = (x - denoised) / level;
        double want = denoised + (Math.sqrt(1 - nextAlphaBar - s * s) * epsilon + s * 0.9) / Math.sqrt(nextAlphaBar);
        double[] got = new double[1];
        try (INDArray latent = Nd4j.createFromArray(x / level).reshape(1, 1, 1, 1)) {
            SampleRequest request = SampleRequest.of(latent)
                    .withSteps(2)
                    .withNoise((step, noise) -> noise.assign(0.9))
                    .withListener((step, sigma, state, estimate) -> got[0] = step == 1 ? state.getDouble(0) : got[0]);
            new AncestralEulerSampler(eta, 1)
                    .sample(NORMAL, new ListedSchedule(List.of(level, next)), request)
                    .close();
        }
        assertEquals(want, got[0], 1e-12);
    }

    /** Variance after each step, from as many runs at once as there are sources of noise. */
    private static double[] variances(Sampler sampler, Denoiser denoiser, int steps) {
        double[] variances = new double[steps + 1];
        // Image 0 answers to the starting noise, image k to the fresh noise of step k - 1.
        try (INDArray latents = Nd4j.zeros(DataType.DOUBLE, steps + 1, 1, 1, 1)) {
            latents.putScalar(0, 1);
            SampleRequest request = SampleRequest.of(latents)
                    .withSteps(steps)
                    .withNoise((step, noise) -> noise.assign(0).putScalar(step + 1, 1))
                    .withListener((step, sigma, x, denoised) -> {
                        double norm = x.norm2Number().doubleValue();
                        variances[step] = norm * norm;
                    });
            sampler.sample(denoiser, KarrasSchedule.EDM, request).close();
        }
        return variances;
    }
}

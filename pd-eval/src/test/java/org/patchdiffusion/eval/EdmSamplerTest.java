package org.patchdiffusion.eval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.Denoiser;

class EdmSamplerTest {
    private static final double DATA_STD = 0.5;

    /** The exact denoiser of images whose pixels are independent normals with standard deviation 0.5. */
    private static final Denoiser GAUSSIAN = (x, sigma, labels) -> {
        double s = sigma.getDouble(0);
        return x.mul(DATA_STD * DATA_STD / (DATA_STD * DATA_STD + s * s));
    };

    @Test
    void noiseLevelsFollowEquation5() {
        double[] t = EdmSamplerConfig.builder().numSteps(3).build().noiseLevels();
        double middle = Math.pow((Math.pow(80, 1 / 7.0) + Math.pow(0.002, 1 / 7.0)) / 2, 7);
        assertArrayEquals(new double[] {80, middle, 0.002, 0}, t, 1e-10);
    }

    @Test
    void followsTheClosedFormOfGaussianDataWithSecondOrder() {
        double coarse = errorAgainstClosedForm(48);
        double fine = errorAgainstClosedForm(96);
        assertTrue(fine < 2e-3, "error with 96 steps: " + fine);
        assertEquals(4, coarse / fine, 0.5, "halving the step divides a second-order error by 4");
    }

    private static double errorAgainstClosedForm(int numSteps) {
        EdmSamplerConfig config =
                EdmSamplerConfig.builder().numSteps(numSteps).sigmaMin(1e-4).build();
        try (INDArray latents = SeededNoise.latents(new long[] {1, 2}, 3, 4, 4);
                Samples samples = new EdmSampler(config).sample(GAUSSIAN, latents, null, null, SamplerListener.NONE)) {
            double exact = 80 * DATA_STD / Math.sqrt(DATA_STD * DATA_STD + 80 * 80);
            return relativeError(samples.images(), latents.mul(exact));
        }
    }

    @Test
    void freshNoiseKeepsTheDistributionOfTheData() {
        EdmSamplerConfig config =
                EdmSamplerConfig.builder().numSteps(64).sChurn(20).build();
        long[] seeds = {1, 2, 3, 4};
        try (Samples samples = new EdmSampler(config).sample(GAUSSIAN, seeds, 3, 32, 32, null, SamplerListener.NONE)) {
            // 12,288 values: the standard error of the mean is 0.0045, that of the deviation 0.0032.
            assertEquals(0, samples.images().meanNumber().doubleValue(), 0.018);
            assertEquals(DATA_STD, samples.images().stdNumber().doubleValue(), 0.013);
        }
    }

    @Test
    void freshNoiseIsScaledToTheRaisedNoiseLevel() {
        EdmSamplerConfig config = EdmSamplerConfig.builder()
                .numSteps(2)
                .sigmaMin(1)
                .sigmaMax(2)
                .sChurn(0.5)
                .sMin(1.5)
                .sNoise(1.1)
                .build();
        Denoiser zero = (x, sigma, labels) -> x.mul(0);
        NoiseSource ones = (step, noise) -> noise.assign(step == 0 ? 1 : 1e9);
        try (INDArray latents = Nd4j.ones(DataType.DOUBLE, 1, 1, 1, 1);
                Samples samples = new EdmSampler(config).sample(zero, latents, ones, null, SamplerListener.NONE)) {
            // With D = 0 a step from t to t' multiplies x by t'/t (exactly, Heun included); the last lands on D = 0.
            assertEquals(0, samples.images().getDouble(0), 1e-12);
        }
        List<Double> states = new ArrayList<>();
        try (INDArray latents = Nd4j.ones(DataType.DOUBLE, 1, 1, 1, 1)) {
            SamplerListener record = (step, steps, sigma, x) -> states.add(x.getDouble(0));
            new EdmSampler(config).sample(zero, latents, ones, null, record).close();
        }
        double raised = 2 * 1.25;
        double noisy = 2 + Math.sqrt(raised * raised - 4) * 1.1;
        assertEquals(noisy / raised, states.get(0), 1e-12);
    }

    @Test
    void anImageDependsOnItsSeedOnly() {
        EdmSampler sampler =
                new EdmSampler(EdmSamplerConfig.builder().numSteps(6).sChurn(10).build());
        try (Samples batch = sampler.sample(GAUSSIAN, new long[] {3, 7, 9}, 3, 8, 8, null, SamplerListener.NONE);
                Samples alone = sampler.sample(GAUSSIAN, new long[] {7}, 3, 8, 8, null, SamplerListener.NONE)) {
            assertEquals(
                    alone.images().tensorAlongDimension(0, 1, 2, 3),
                    batch.images().tensorAlongDimension(1, 1, 2, 3));
            assertTrue(relativeError(
                            batch.images().tensorAlongDimension(0, 1, 2, 3),
                            batch.images().tensorAlongDimension(1, 1, 2, 3))
                    > 0.5);
        }
    }

    @Test
    void reportsEvaluationsAndProgress() {
        List<Double> levels = new ArrayList<>();
        EdmSampler sampler =
                new EdmSampler(EdmSamplerConfig.builder().numSteps(5).build());
        SamplerListener record = (step, steps, sigma, x) -> {
            assertEquals(levels.size() + 1, step);
            assertEquals(5, steps);
            levels.add(sigma);
        };
        try (Samples samples = sampler.sample(GAUSSIAN, new long[] {0}, 1, 4, 4, null, record)) {
            assertEquals(9, samples.evaluations());
        }
        assertEquals(5, levels.size());
        assertEquals(0.002, levels.get(3), 1e-12);
        assertEquals(0, levels.get(4));
    }

    @Test
    void guidanceExtrapolatesFromTheUnconditionalAnswer() {
        Denoiser classMean = (x, sigma, labels) -> x.mul(0).addi(labels.getDouble(0, 1) * 3 + 1);
        try (INDArray x = Nd4j.create(DataType.FLOAT, 1, 1, 2, 2);
                INDArray sigma = Nd4j.ones(DataType.FLOAT, 1);
                INDArray labels = Nd4j.createFromArray(new float[][] {{0, 1}})) {
            INDArray guided = new GuidedDenoiser(classMean, 1.5).denoise(x, sigma, labels);
            assertEquals(1 + 1.5 * 3, guided.getDouble(0), 1e-6);
            assertMessage("guidance needs class labels and got none", () -> new GuidedDenoiser(classMean, 1.5)
                    .denoise(x, sigma, null));
        }
    }

    @Test
    void badSettingsAreNamed() {
        assertMessage(
                "sampler option numSteps is 1, expected at least 2 steps",
                () -> EdmSamplerConfig.builder().numSteps(1).build());
        assertMessage(
                "sampler option sigmaMin is 0.0, expected a positive noise level",
                () -> EdmSamplerConfig.builder().sigmaMin(0).build());
        assertMessage(
                "sampler option sigmaMax is 0.001",
                () -> EdmSamplerConfig.builder().sigmaMax(0.001).build());
        assertMessage(
                "sampler option rho is NaN",
                () -> EdmSamplerConfig.builder().rho(Double.NaN).build());
        assertMessage(
                "sampler option sChurn is -1.0",
                () -> EdmSamplerConfig.builder().sChurn(-1).build());
        assertMessage(
                "sampler option sMax is 1.0, expected a noise level not below sMin, which is 2.0",
                () -> EdmSamplerConfig.builder().sMin(2).sMax(1).build());
        EdmSampler sampler = new EdmSampler(EdmSamplerConfig.defaults());
        assertMessage("got no seeds", () -> sampler.sample(GAUSSIAN, new long[0], 3, 4, 4, null, SamplerListener.NONE));
        assertMessage(
                "got 2 class labels for 1 images",
                () -> sampler.sample(
                        GAUSSIAN, new long[1], 3, 4, 4, Nd4j.zeros(DataType.FLOAT, 2, 10), SamplerListener.NONE));
    }

    @Test
    void theNetworkLimitsTheNoiseLevels() {
        EdmSamplerConfig config = EdmSamplerConfig.defaults().clampedTo(0.02, 50);
        assertEquals(0.02, config.sigmaMin());
        assertEquals(50, config.sigmaMax());
        assertEquals(EdmSamplerConfig.defaults(), EdmSamplerConfig.defaults().clampedTo(0, Double.POSITIVE_INFINITY));
    }

    private static void assertMessage(String start, org.junit.jupiter.api.function.Executable action) {
        String message = assertThrows(IllegalArgumentException.class, action).getMessage();
        assertTrue(message.startsWith(start), message);
    }

    private static double relativeError(INDArray got, INDArray want) {
        return got.sub(want).norm2Number().doubleValue() / want.norm2Number().doubleValue();
    }
}

package org.patchdiffusion.eval.sample;

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
import org.patchdiffusion.model.precond.Preconditioning;

class EdmSamplerTest {
    private static final double DATA_STD = 0.5;

    /** The exact denoiser of images whose pixels are independent normals with standard deviation 0.5. */
    private static final Denoiser GAUSSIAN = (x, sigma, labels) -> {
        double s = sigma.getDouble(0);
        return x.mul(DATA_STD * DATA_STD / (DATA_STD * DATA_STD + s * s));
    };

    @Test
    void noiseLevelsFollowEquation5() {
        double[] t = KarrasSchedule.EDM.levels(3);
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
        KarrasSchedule schedule = new KarrasSchedule(new NoiseRange(1e-4, 80), 7);
        try (INDArray latents = Nd4j.create(DataType.DOUBLE, 2, 3, 4, 4)) {
            SeededNoise.latents(new long[] {1, 2}).fill(0, latents);
            SampleRequest request = SampleRequest.of(latents).withSteps(numSteps);
            try (Samples samples = new EdmSampler().sample(GAUSSIAN, schedule, request)) {
                double exact = 80 * DATA_STD / Math.sqrt(DATA_STD * DATA_STD + 80 * 80);
                return relativeError(samples.images(), latents.mul(exact));
            }
        }
    }

    @Test
    void freshNoiseKeepsTheDistributionOfTheData() {
        SampleRequest request =
                SampleRequest.ofSeeds(new long[] {1, 2, 3, 4}, 3, 32, 32).withSteps(64);
        try (Samples samples = new EdmSampler(Churn.of(20)).sample(GAUSSIAN, KarrasSchedule.EDM, request)) {
            // 12,288 values: the standard error of the mean is 0.0045, that of the deviation 0.0032.
            assertEquals(0, samples.images().meanNumber().doubleValue(), 0.018);
            assertEquals(DATA_STD, samples.images().stdNumber().doubleValue(), 0.013);
        }
    }

    @Test
    void freshNoiseIsScaledToTheRaisedNoiseLevel() {
        KarrasSchedule schedule = new KarrasSchedule(new NoiseRange(1, 2), 7);
        Churn churn = new Churn(0.5, 1.5, Double.POSITIVE_INFINITY, 1.1);
        Denoiser zero = (x, sigma, labels) -> x.mul(0);
        NoiseSource ones = (step, noise) -> noise.assign(step == 0 ? 1 : 1e9);
        List<Double> states = new ArrayList<>();
        try (INDArray latents = Nd4j.ones(DataType.DOUBLE, 1, 1, 1, 1)) {
            SampleRequest request = SampleRequest.of(latents)
                    .withSteps(2)
                    .withNoise(ones)
                    .withListener((step, sigma, x, denoised) -> states.add(x.getDouble(0)));
            new EdmSampler(churn).sample(zero, schedule, request).close();
        }
        double raised = 2 * 1.25;
        double noisy = 2 + Math.sqrt(raised * raised - 4) * 1.1;
        // With D = 0 a step from t to t' multiplies x by t'/t, exactly, Heun included; the last one, to 0, leaves D.
        assertEquals(noisy / raised, states.get(0), 1e-12);
        assertEquals(0, states.get(1));
    }

    @Test
    void anImageDependsOnItsSeedOnly() {
        Sampler sampler = new EdmSampler(Churn.of(10));
        SampleRequest three =
                SampleRequest.ofSeeds(new long[] {3, 7, 9}, 3, 8, 8).withSteps(6);
        SampleRequest one = SampleRequest.ofSeeds(new long[] {7}, 3, 8, 8).withSteps(6);
        try (Samples batch = sampler.sample(GAUSSIAN, KarrasSchedule.EDM, three);
                Samples alone = sampler.sample(GAUSSIAN, KarrasSchedule.EDM, one)) {
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
        SampleRequest request = SampleRequest.ofSeeds(new long[] {0}, 1, 4, 4)
                .withSteps(5)
                .withListener((step, sigma, x, denoised) -> {
                    assertEquals(levels.size() + 1, step);
                    levels.add(sigma);
                    // The last estimate is what the last step, to noise level 0, leaves.
                    assertEquals(step == 5, x.equalsWithEps(denoised, 1e-7));
                });
        try (Samples samples = new EdmSampler().sample(GAUSSIAN, KarrasSchedule.EDM, request)) {
            assertEquals(9, samples.evaluations());
        }
        assertEquals(5, levels.size());
        assertEquals(0.002, levels.get(3), 1e-12);
        assertEquals(0, levels.get(4));
    }

    @Test
    void badSettingsAreNamed() {
        assertMessage("sampler option numSteps is 1, expected at least 2 steps", () -> KarrasSchedule.EDM.levels(1));
        assertMessage("sampler option sigmaMin is 0.0, expected a positive noise level", () -> new NoiseRange(0, 80));
        assertMessage("sampler option sigmaMax is 0.001", () -> new NoiseRange(0.002, 0.001));
        assertMessage("sampler option rho is NaN", () -> new KarrasSchedule(NoiseRange.EDM, Double.NaN));
        assertMessage("sampler option sChurn is -1.0", () -> Churn.of(-1));
        assertMessage(
                "sampler option sMax is 1.0, expected a noise level not below sMin, which is 2.0",
                () -> new Churn(1, 2, 1, 1));
        assertMessage("sampler option eta is 1.5", () -> new AncestralEulerSampler(1.5, 1));
        assertMessage("got no seeds", () -> SampleRequest.ofSeeds(new long[0], 3, 4, 4));
        assertMessage("got 2 class labels for 1 images", () -> SampleRequest.ofSeeds(new long[1], 3, 4, 4)
                .withLabels(Nd4j.zeros(DataType.FLOAT, 2, 10)));
        assertMessage("there is no sampler named ruler; choose one of ddim, ", () -> Samplers.byName("ruler"));
    }

    @Test
    void theNetworkLimitsTheNoiseLevels() {
        KarrasSchedule limited = KarrasSchedule.EDM.clampedTo(0.02, 50);
        assertEquals(new NoiseRange(0.02, 50), limited.range());
        assertEquals(KarrasSchedule.EDM, KarrasSchedule.EDM.clampedTo(0, Double.POSITIVE_INFINITY));
        Preconditioning table = Preconditioning.byName("iddpm");
        double[] levels = KarrasSchedule.EDM.within(table).levels(18);
        for (int i = 0; i < levels.length - 1; i++) {
            assertEquals(table.roundSigma(levels[i]), levels[i], "level " + i + " is in the table");
            assertTrue(levels[i] > levels[i + 1], "level " + i);
        }
    }

    private static void assertMessage(String start, org.junit.jupiter.api.function.Executable action) {
        String message = assertThrows(IllegalArgumentException.class, action).getMessage();
        assertTrue(message.startsWith(start), message);
    }

    private static double relativeError(INDArray got, INDArray want) {
        return got.sub(want).norm2Number().doubleValue() / want.norm2Number().doubleValue();
    }
}

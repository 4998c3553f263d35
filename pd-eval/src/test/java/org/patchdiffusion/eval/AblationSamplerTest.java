package org.patchdiffusion.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Scale;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.eval.AblationConfig.Discretization;
import org.patchdiffusion.eval.AblationConfig.Scaling;
import org.patchdiffusion.eval.AblationConfig.Schedule;
import org.patchdiffusion.eval.AblationConfig.Solver;
import org.patchdiffusion.model.Denoiser;

class AblationSamplerTest {
    private static final Denoiser GAUSSIAN = (x, sigma, labels) -> {
        double s = sigma.getDouble(0);
        return x.mul(0.25 / (0.25 + s * s));
    };

    @Property(tries = 100)
    void everyScheduleInvertsAndDifferentiates(@ForAll @DoubleRange(min = 0.003, max = 70) @Scale(6) double sigma) {
        NoiseSchedule[] schedules = {
            NoiseSchedule.Vp.fitted(0.002, 80, 1e-3), new NoiseSchedule.Ve(), new NoiseSchedule.Linear()
        };
        for (NoiseSchedule schedule : schedules) {
            double t = schedule.time(sigma);
            assertEquals(sigma, schedule.sigma(t), 1e-9 * sigma);
            double step = 1e-5 * t;
            double slope = (schedule.sigma(t + step) - schedule.sigma(t - step)) / (2 * step);
            assertEquals(slope, schedule.slope(t), 1e-5 * slope);
        }
    }

    @Test
    void theFittedScheduleMeetsTheNoiseRange() {
        NoiseSchedule schedule = NoiseSchedule.Vp.fitted(0.002, 80, 1e-3);
        assertEquals(0.002, schedule.sigma(1e-3), 1e-12);
        assertEquals(80, schedule.sigma(1), 1e-9);
    }

    @Test
    void everyDiscretizationFallsThroughItsOwnRange() {
        for (Discretization discretization : Discretization.values()) {
            AblationConfig config = config(Solver.HEUN, discretization, Schedule.LINEAR, Scaling.NONE, 10);
            double[] levels = config.noiseLevels();
            double[] range = AblationConfig.defaultRange(discretization, 1e-3);
            assertEquals(10, levels.length);
            // The iDDPM table does not hold the range's ends exactly.
            double tolerance = discretization == Discretization.IDDPM ? 0.5 : 1e-9;
            assertEquals(range[1], levels[0], tolerance * range[1], discretization + " first");
            for (int i = 1; i < levels.length; i++) {
                assertTrue(levels[i] < levels[i - 1], discretization + " falls at " + i);
            }
            assertTrue(levels[9] >= range[0] * (1 - 1e-9), discretization + " last");
        }
    }

    @Test
    void withTheEdmChoicesItIsTheEdmSampler() {
        EdmSamplerConfig steps = EdmSamplerConfig.builder()
                .numSteps(7)
                .sChurn(5)
                .sMin(0.05)
                .sMax(50)
                .sNoise(1.003)
                .build();
        AblationSampler general = new AblationSampler(
                AblationConfig.of(steps, Solver.HEUN, Discretization.EDM, Schedule.LINEAR, Scaling.NONE));
        long[] seeds = {4, 5};
        try (Samples want = new EdmSampler(steps).sample(GAUSSIAN, seeds, 3, 8, 8, null, SamplerListener.NONE);
                Samples got = general.sample(GAUSSIAN, seeds, 3, 8, 8, null, SamplerListener.NONE)) {
            assertTrue(want.images().equalsWithEps(got.images(), 1e-9));
            assertEquals(13, got.evaluations());
        }
    }

    @Test
    void everyCombinationReachesTheClosedFormOfGaussianData() {
        for (Discretization discretization : Discretization.values()) {
            for (Schedule schedule : Schedule.values()) {
                for (Scaling scaling : Scaling.values()) {
                    double error = errorAgainstClosedForm(config(Solver.HEUN, discretization, schedule, scaling, 200));
                    // A poor match of steps and schedule is not there yet, but comes nearer with second order.
                    boolean near = error < 0.02
                            || error
                                    < errorAgainstClosedForm(
                                                    config(Solver.HEUN, discretization, schedule, scaling, 100))
                                            / 3;
                    assertTrue(near, discretization + " " + schedule + " " + scaling + ": " + error);
                }
            }
        }
    }

    @Test
    void halvingTheStepsShowsTheOrderOfTheSolver() {
        assertEquals(2, gain(config(Solver.EULER, Discretization.EDM, Schedule.LINEAR, Scaling.NONE, 100), 1), 0.3);
        assertEquals(4, gain(config(Solver.HEUN, Discretization.EDM, Schedule.LINEAR, Scaling.NONE, 50), 1), 0.5);
        assertEquals(4, gain(config(Solver.HEUN, Discretization.EDM, Schedule.LINEAR, Scaling.NONE, 50), 0.6), 0.5);
    }

    private static double gain(AblationConfig config, double alpha) {
        AblationConfig narrow = config.withAlpha(alpha).withBase(config.base().withRange(1e-4, 80));
        EdmSamplerConfig doubled = EdmSamplerConfig.builder()
                .numSteps(2 * config.base().numSteps())
                .sigmaMin(1e-4)
                .build();
        return errorAgainstClosedForm(narrow) / errorAgainstClosedForm(narrow.withBase(doubled));
    }

    private static double errorAgainstClosedForm(AblationConfig config) {
        double start = config.noiseLevels()[0];
        try (INDArray latents = SeededNoise.latents(new long[] {1}, 1, 4, 4);
                Samples samples =
                        new AblationSampler(config).sample(GAUSSIAN, latents, null, null, SamplerListener.NONE)) {
            INDArray want = latents.mul(start * 0.5 / Math.sqrt(0.25 + start * start));
            return samples.images().sub(want).norm2Number().doubleValue()
                    / want.norm2Number().doubleValue();
        }
    }

    @Test
    void badSettingsAreNamed() {
        AblationConfig config = config(Solver.HEUN, Discretization.IDDPM, Schedule.LINEAR, Scaling.NONE, 10);
        assertTrue(assertThrows(IllegalArgumentException.class, () -> config.withAlpha(0))
                .getMessage()
                .startsWith("sampler option alpha is 0.0, expected above 0"));
        AblationConfig narrow = config.withBase(config.base().withRange(10, 10.5));
        assertTrue(assertThrows(IllegalArgumentException.class, narrow::noiseLevels)
                .getMessage()
                .startsWith("sampler option numSteps is 10, expected at most the "));
    }

    private static AblationConfig config(
            Solver solver, Discretization discretization, Schedule schedule, Scaling scaling, int steps) {
        return AblationConfig.of(
                EdmSamplerConfig.builder().numSteps(steps).build(), solver, discretization, schedule, scaling);
    }
}

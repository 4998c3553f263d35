package org.patchdiffusion.eval.sample;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Scale;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.eval.sample.AblationConfig.Discretization;
import org.patchdiffusion.eval.sample.AblationConfig.Scaling;
import org.patchdiffusion.eval.sample.AblationConfig.Schedule;
import org.patchdiffusion.eval.sample.AblationConfig.Solver;
import org.patchdiffusion.model.Denoiser;

class AblationSamplerTest {
    /** The exact denoiser of independent normal pixels with standard deviation 0.5. */
    private static final Denoiser GAUSSIAN = new Float64Denoiser((x, sigma) -> x.mul(0.25 / (0.25 + sigma * sigma)));

    @Property(tries = 100)
    void everyScheduleInvertsAndDifferentiates(@ForAll @DoubleRange(min = 0.003, max = 70) @Scale(6) double sigma) {
        TimeSchedule[] schedules = {
            TimeSchedule.Vp.fitted(0.002, 80, 1e-3), new TimeSchedule.Ve(), new TimeSchedule.Linear()
        };
        for (TimeSchedule schedule : schedules) {
            double t = schedule.time(sigma);
            assertEquals(sigma, schedule.sigma(t), 1e-9 * sigma);
            double step = 1e-5 * t;
            double slope = (schedule.sigma(t + step) - schedule.sigma(t - step)) / (2 * step);
            assertEquals(slope, schedule.slope(t), 1e-5 * slope);
        }
    }

    @Test
    void theFittedScheduleMeetsTheNoiseRange() {
        TimeSchedule schedule = TimeSchedule.Vp.fitted(0.002, 80, 1e-3);
        assertEquals(0.002, schedule.sigma(1e-3), 1e-12);
        assertEquals(80, schedule.sigma(1), 1e-9);
    }

    @Test
    void everyDiscretizationFallsThroughItsOwnRange() {
        for (Discretization discretization : Discretization.values()) {
            AblationConfig config = AblationConfig.of(Solver.HEUN, discretization, Schedule.LINEAR, Scaling.NONE);
            double[] levels = config.levels().levels(10);
            NoiseRange range = AblationConfig.defaultRange(discretization, 1e-3);
            assertEquals(11, levels.length);
            assertEquals(0, levels[10]);
            // The iDDPM table does not hold the range's ends exactly.
            double tolerance = discretization == Discretization.IDDPM ? 0.5 : 1e-9;
            assertEquals(range.highest(), levels[0], tolerance * range.highest(), discretization + " first");
            for (int i = 1; i < levels.length; i++) {
                assertTrue(levels[i] < levels[i - 1], discretization + " falls at " + i);
            }
            assertTrue(levels[9] >= range.lowest() * (1 - 1e-9), discretization + " last");
        }
    }

    @Test
    void withTheEdmChoicesItIsTheEdmSampler() {
        Churn churn = new Churn(5, 0.05, 50, 1.003);
        AblationConfig general = AblationConfig.of(Solver.HEUN, Discretization.EDM, Schedule.LINEAR, Scaling.NONE)
                .withChurn(churn);
        SampleRequest request =
                SampleRequest.ofSeeds(new long[] {4, 5}, 3, 8, 8).withSteps(7);
        try (Samples want = new EdmSampler(churn).sample(GAUSSIAN, KarrasSchedule.EDM, request);
                Samples got = new AblationSampler(general).sample(GAUSSIAN, general.levels(), request)) {
            assertTrue(want.images().equalsWithEps(got.images(), 1e-9));
            assertEquals(13, got.evaluations());
        }
    }

    @Test
    void everyCombinationConvergesWithTheOrderOfItsSolver() {
        for (Solver solver : Solver.values()) {
            for (Discretization discretization :
                    new Discretization[] {Discretization.VP, Discretization.VE, Discretization.EDM}) {
                for (Schedule schedule : Schedule.values()) {
                    for (Scaling scaling : Scaling.values()) {
                        String name = solver + " " + discretization + " " + schedule + " " + scaling;
                        AblationConfig config = AblationConfig.of(solver, discretization, schedule, scaling)
                                .withRange(NoiseRange.EDM);
                        double order = order(config, 64);
                        assertEquals(solver == Solver.EULER ? 1 : 2, order, 0.35, name + " is of order " + order);
                    }
                }
            }
        }
    }

    @Test
    void thePlaceOfTheSecondEvaluationKeepsTheOrder() {
        AblationConfig config = AblationConfig.of(Solver.HEUN, Discretization.EDM, Schedule.LINEAR, Scaling.NONE);
        // At 0.5, the midpoint method, the leading error of this data cancels.
        for (double alpha : new double[] {0.6, 0.8, 1}) {
            assertEquals(2, order(config.withAlpha(alpha), 100), 0.2, "alpha " + alpha);
        }
    }

    @Test
    void theStepsThroughTheTableComeNearerToTheClosedForm() {
        // The table has no even steps, so that there is an order only on the whole: errors of 20 steps against 320.
        for (Solver solver : Solver.values()) {
            AblationConfig config = AblationConfig.of(solver, Discretization.IDDPM, Schedule.LINEAR, Scaling.NONE);
            double order = Math.log(error(config, 20) / error(config, 320)) / Math.log(16);
            assertEquals(solver == Solver.EULER ? 1 : 2, order, 0.3, solver + " is of order " + order);
        }
    }

    private static double order(AblationConfig config, int steps) {
        return Math.log(error(config, steps) / error(config, 2 * steps)) / Math.log(2);
    }

    /**
     * How far a run is off where it arrives at the last level above 0, against the closed form of Gaussian data: x sqrt((0.25 +
     * end^2) / (0.25 + start^2)).
     */
    private static double error(AblationConfig config, int steps) {
        double[] levels = config.levels().levels(steps);
        double[] error = new double[1];
        try (INDArray latents = Nd4j.createFromArray(0.3, -1.7, 0.9, 2.1).reshape(1, 1, 2, 2)) {
            SamplerListener atLastLevel = (step, sigma, x, denoised) -> {
                if (step == steps - 1) {
                    double scale = config.scaling() == Scaling.VP ? 1 / Math.sqrt(1 + sigma * sigma) : 1;
                    double exact = levels[0] * Math.sqrt((0.25 + sigma * sigma) / (0.25 + levels[0] * levels[0]));
                    error[0] = x.div(scale * exact).sub(latents).norm2Number().doubleValue();
                }
            };
            SampleRequest request = SampleRequest.of(latents).withSteps(steps).withListener(atLastLevel);
            new AblationSampler(config)
                    .sample(GAUSSIAN, config.levels(), request)
                    .close();
        }
        return error[0];
    }

    @Test
    void badSettingsAreNamed() {
        AblationConfig config = AblationConfig.of(Solver.HEUN, Discretization.IDDPM, Schedule.LINEAR, Scaling.NONE);
        assertTrue(assertThrows(IllegalArgumentException.class, () -> config.withAlpha(0))
                .getMessage()
                .startsWith("sampler option alpha is 0.0, expected above 0"));
        NoiseSchedule narrow = config.withRange(new NoiseRange(10, 10.5)).levels();
        assertTrue(assertThrows(IllegalArgumentException.class, () -> narrow.levels(10))
                .getMessage()
                .startsWith("sampler option numSteps is 10, expected at most the "));
    }
}

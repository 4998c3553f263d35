package org.patchdiffusion.eval;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * Settings of {@link AblationSampler}: one choice from each row of Karras et al. 2022, Table 1.
 *
 * @param base number of steps, noise range, {@code rho} and stochasticity
 * @param solver how a step is made
 * @param discretization which noise levels are visited
 * @param schedule how the noise level runs over time
 * @param scaling how the image is scaled over time
 * @param epsilonS time of {@code sigmaMin} in the VP schedule, between 0 and 1
 * @param c1 lower limit of the iDDPM table's ratios
 * @param c2 offset of the iDDPM table's cosine
 * @param m number of entries of the iDDPM table
 * @param alpha place of the second evaluation in a step, above 0 to 1; 1 is Heun's method, 0.5 the midpoint method
 */
public record AblationConfig(
        EdmSamplerConfig base,
        Solver solver,
        Discretization discretization,
        Schedule schedule,
        Scaling scaling,
        double epsilonS,
        double c1,
        double c2,
        int m,
        double alpha) {

    /** How a step is made. */
    public enum Solver {
        /** First order, one evaluation a step. */
        EULER,
        /** Second order, two evaluations a step (Euler in the last). */
        HEUN
    }

    /** Which noise levels are visited. */
    public enum Discretization {
        /** Even steps of the VP schedule's time. */
        VP,
        /** Even steps of the logarithm of the variance. */
        VE,
        /** Even steps through the table of Nichol and Dhariwal 2021. */
        IDDPM,
        /** Equation 5. */
        EDM
    }

    /** How the noise level runs over time. */
    public enum Schedule {
        /** Variance preserving, fitted to the noise range. */
        VP,
        /** Square root of time. */
        VE,
        /** Time itself. */
        LINEAR
    }

    /** How the image is scaled over time. */
    public enum Scaling {
        /** To unit variance: 1 / sqrt(1 + sigma^2). */
        VP,
        /** Not at all. */
        NONE
    }

    /**
     * Checks every setting.
     *
     * @throws IllegalArgumentException naming the setting, its value and what was expected
     */
    public AblationConfig {
        require(epsilonS > 0 && epsilonS < 1, "epsilonS", epsilonS, "a time between 0 and 1");
        require(c1 > 0 && c1 < 1, "C_1", c1, "a ratio between 0 and 1");
        require(c2 > 0 && c2 < Double.POSITIVE_INFINITY, "C_2", c2, "a positive offset");
        require(m >= base.numSteps(), "M", m, "at least the number of steps, " + base.numSteps());
        require(alpha > 0 && alpha <= 1, "alpha", alpha, "above 0, at most 1");
    }

    /**
     * The paper's defaults for four choices; the noise range is the one that goes with the discretization.
     *
     * @param steps settings whose number of steps, {@code rho} and stochasticity are taken
     */
    public static AblationConfig of(
            EdmSamplerConfig steps, Solver solver, Discretization discretization, Schedule schedule, Scaling scaling) {
        double epsilonS = 1e-3;
        double[] range = defaultRange(discretization, epsilonS);
        return new AblationConfig(
                steps.withRange(range[0], range[1]),
                solver,
                discretization,
                schedule,
                scaling,
                epsilonS,
                0.001,
                0.008,
                1000,
                1);
    }

    /** The same settings with another place of the second evaluation. */
    public AblationConfig withAlpha(double value) {
        return new AblationConfig(base, solver, discretization, schedule, scaling, epsilonS, c1, c2, m, value);
    }

    /** The same settings with other steps, noise range, {@code rho} and stochasticity. */
    public AblationConfig withBase(EdmSamplerConfig value) {
        return new AblationConfig(value, solver, discretization, schedule, scaling, epsilonS, c1, c2, m, alpha);
    }

    /** Lowest and highest noise level of the method that a discretization comes from. */
    static double[] defaultRange(Discretization discretization, double epsilonS) {
        // Song et al. sample with a beta slope of 19.1, unlike the 19.9 of training.
        NoiseSchedule vp = new NoiseSchedule.Vp(19.1, 0.1);
        return switch (discretization) {
            case VP -> new double[] {vp.sigma(epsilonS), vp.sigma(1)};
            case VE -> new double[] {0.02, 100};
            case IDDPM -> new double[] {0.002, 81};
            case EDM -> new double[] {0.002, 80};
        };
    }

    /** The schedule, fitted to the noise range. */
    NoiseSchedule noiseSchedule() {
        return switch (schedule) {
            case VP -> NoiseSchedule.Vp.fitted(base.sigmaMin(), base.sigmaMax(), epsilonS);
            case VE -> new NoiseSchedule.Ve();
            case LINEAR -> new NoiseSchedule.Linear();
        };
    }

    /**
     * The noise levels to visit, without the final 0.
     *
     * @return {@code numSteps} values, falling
     * @throws IllegalArgumentException if the iDDPM table has too few levels in the noise range
     */
    double[] noiseLevels() {
        return switch (discretization) {
            case EDM -> Arrays.copyOf(base.noiseLevels(), base.numSteps());
            case IDDPM -> iddpmLevels();
            case VP -> {
                NoiseSchedule vp = NoiseSchedule.Vp.fitted(base.sigmaMin(), base.sigmaMax(), epsilonS);
                yield levels(fraction -> vp.sigma(1 + fraction * (epsilonS - 1)));
            }
            case VE -> levels(fraction -> base.sigmaMax() * Math.pow(base.sigmaMin() / base.sigmaMax(), fraction));
        };
    }

    private double[] levels(DoubleUnaryOperator levelAt) {
        double[] levels = new double[base.numSteps()];
        for (int i = 0; i < levels.length; i++) {
            levels[i] = levelAt.applyAsDouble((double) i / (levels.length - 1));
        }
        return levels;
    }

    private double[] iddpmLevels() {
        double[] table = new double[m];
        double above = 0;
        for (int j = m; j > 0; j--) {
            double ratio = Math.max(alphaBar(j - 1) / alphaBar(j), (float) c1);
            above = Math.sqrt((above * above + 1) / ratio - 1);
            table[j - 1] = above;
        }
        double[] inRange = Arrays.stream(table)
                .filter(u -> u >= base.sigmaMin() && u <= base.sigmaMax())
                .toArray();
        require(
                inRange.length >= base.numSteps(),
                "numSteps",
                base.numSteps(),
                "at most the " + inRange.length + " levels of the iDDPM table in the noise range");
        return levels(fraction -> inRange[(int) Math.rint(fraction * (inRange.length - 1))]);
    }

    // The official tool computes these in float32 and the table in float64: near the low end, where the recursion
    // cancels, exact arithmetic gives levels that differ by up to 5e-04.
    private float alphaBar(int j) {
        float sine = (float) Math.sin((float) (Math.PI / 2) * j / m / (float) (c2 + 1));
        return sine * sine;
    }

    private static void require(boolean valid, String name, Number value, String expected) {
        if (!valid) {
            throw new IllegalArgumentException("sampler option " + name + " is " + value + ", expected " + expected);
        }
    }
}

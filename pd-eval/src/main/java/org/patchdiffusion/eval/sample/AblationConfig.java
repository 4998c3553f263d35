package org.patchdiffusion.eval.sample;

/**
 * Settings of {@link AblationSampler}: one choice from each row of Karras et al. 2022, Table 1.
 *
 * @param range noise range
 * @param churn fresh noise of the steps
 * @param solver how a step is made
 * @param discretization which noise levels are visited
 * @param schedule how the noise level runs over time
 * @param scaling how the image is scaled over time
 * @param rho exponent of the EDM steps
 * @param epsilonS time of {@code sigmaMin} in the VP schedule, between 0 and 1
 * @param c1 lower limit of the iDDPM table's ratios
 * @param c2 offset of the iDDPM table's cosine
 * @param m number of entries of the iDDPM table
 * @param alpha place of the second evaluation in a step, above 0 to 1; 1 is Heun's method, 0.5 the midpoint method
 */
public record AblationConfig(
        NoiseRange range,
        Churn churn,
        Solver solver,
        Discretization discretization,
        Schedule schedule,
        Scaling scaling,
        double rho,
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
     * Checks the place of the second evaluation; {@link #levels} checks the rest.
     *
     * @throws IllegalArgumentException naming the setting, its value and what was expected
     */
    public AblationConfig {
        Settings.require(alpha > 0 && alpha <= 1, "alpha", alpha, "above 0, at most 1");
        Settings.require(epsilonS > 0 && epsilonS < 1, "epsilonS", epsilonS, "a time between 0 and 1");
    }

    /** The paper's defaults for four choices; the noise range is the one that goes with the discretization. */
    public static AblationConfig of(Solver solver, Discretization discretization, Schedule schedule, Scaling scaling) {
        double epsilonS = 1e-3;
        return new AblationConfig(
                defaultRange(discretization, epsilonS),
                Churn.NONE,
                solver,
                discretization,
                schedule,
                scaling,
                7,
                epsilonS,
                0.001,
                0.008,
                1000,
                1);
    }

    /** The same settings with another place of the second evaluation. */
    public AblationConfig withAlpha(double value) {
        return new AblationConfig(
                range, churn, solver, discretization, schedule, scaling, rho, epsilonS, c1, c2, m, value);
    }

    /** The same settings with another noise range. */
    public AblationConfig withRange(NoiseRange value) {
        return new AblationConfig(
                value, churn, solver, discretization, schedule, scaling, rho, epsilonS, c1, c2, m, alpha);
    }

    /** The same settings with other fresh noise. */
    public AblationConfig withChurn(Churn value) {
        return new AblationConfig(
                range, value, solver, discretization, schedule, scaling, rho, epsilonS, c1, c2, m, alpha);
    }

    /** The same settings with another exponent of the EDM steps. */
    public AblationConfig withRho(double value) {
        return new AblationConfig(
                range, churn, solver, discretization, schedule, scaling, value, epsilonS, c1, c2, m, alpha);
    }

    /** Lowest and highest noise level of the method that a discretization comes from. */
    static NoiseRange defaultRange(Discretization discretization, double epsilonS) {
        // Song et al. sample with a beta slope of 19.1, unlike the 19.9 of training.
        TimeSchedule vp = new TimeSchedule.Vp(19.1, 0.1);
        return switch (discretization) {
            case VP -> new NoiseRange(vp.sigma(epsilonS), vp.sigma(1));
            case VE -> new NoiseRange(0.02, 100);
            case IDDPM -> new NoiseRange(0.002, 81);
            case EDM -> NoiseRange.EDM;
        };
    }

    /**
     * The noise levels to visit, which the sampler is to be run with.
     *
     * @throws IllegalArgumentException if a setting of the discretization is out of range
     */
    public NoiseSchedule levels() {
        return switch (discretization) {
            case EDM -> new KarrasSchedule(range, rho);
            case IDDPM -> new IddpmSchedule(range, c1, c2, m);
            case VP -> new VpSchedule(range, epsilonS);
            case VE -> PolyexponentialSchedule.exponential(range);
        };
    }

    /** How the noise level runs over time, fitted to the noise range. */
    TimeSchedule timeSchedule() {
        return switch (schedule) {
            case VP -> TimeSchedule.Vp.fitted(range.lowest(), range.highest(), epsilonS);
            case VE -> new TimeSchedule.Ve();
            case LINEAR -> new TimeSchedule.Linear();
        };
    }
}

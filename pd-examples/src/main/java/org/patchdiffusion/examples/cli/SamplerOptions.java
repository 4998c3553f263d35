package org.patchdiffusion.examples.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.patchdiffusion.eval.sample.AblationConfig;
import org.patchdiffusion.eval.sample.AblationSampler;
import org.patchdiffusion.eval.sample.AncestralEulerSampler;
import org.patchdiffusion.eval.sample.Churn;
import org.patchdiffusion.eval.sample.Dpmpp2mSdeSampler;
import org.patchdiffusion.eval.sample.Dpmpp2sAncestralSampler;
import org.patchdiffusion.eval.sample.Dpmpp3mSdeSampler;
import org.patchdiffusion.eval.sample.EdmSampler;
import org.patchdiffusion.eval.sample.KarrasSchedule;
import org.patchdiffusion.eval.sample.ListedSchedule;
import org.patchdiffusion.eval.sample.NoiseRange;
import org.patchdiffusion.eval.sample.NoiseSchedule;
import org.patchdiffusion.eval.sample.PolyexponentialSchedule;
import org.patchdiffusion.eval.sample.Sampler;
import org.patchdiffusion.eval.sample.Samplers;
import org.patchdiffusion.eval.sample.SamplingConfig;
import org.patchdiffusion.model.ModelConfig;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** How to get from noise to images; the names of the official tool where it has them. */
final class SamplerOptions implements HelpSection {
    private static final String HEUN = "heun";
    private static final String DDIM = "ddim";

    @Spec(Spec.Target.MIXEE)
    CommandSpec command;

    @Option(
            names = "--sampler",
            paramLabel = "NAME",
            converter = NameConverter.class,
            description =
                    "heun (the EDM sampler, two evaluations a step); with one evaluation a step: euler, ddim, lms,"
                            + " dpmpp-2m, dpmpp-3m, unipc-bh2-2, unipc-bh2-3, unipc-bh1-2, unipc-bh1-3, and with fresh noise euler-ancestral,"
                            + " dpmpp-2m-sde, dpmpp-2m-sde-heun, dpmpp-3m-sde; dpmpp-2s-ancestral takes two. By default heun.")
    String sampler;

    @Option(
            names = "--steps",
            paramLabel = "N",
            converter = WholeNumber.Several.class,
            defaultValue = "18",
            description = "Sampling steps.")
    int steps;

    @Option(
            names = {"--sigma_min", "--sigma-min"},
            paramLabel = "X",
            converter = RealNumber.Positive.class,
            defaultValue = "0.002",
            description = "Lowest noise level.")
    double sigmaMin;

    @Option(
            names = {"--sigma_max", "--sigma-max"},
            paramLabel = "X",
            converter = RealNumber.Positive.class,
            defaultValue = "80",
            description = "Highest noise level.")
    double sigmaMax;

    @Option(
            names = "--rho",
            paramLabel = "X",
            converter = RealNumber.Positive.class,
            defaultValue = "7",
            description = "Exponent of the karras and polyexponential levels.")
    double rho;

    @Option(
            names = {"--S_churn", "--S-churn"},
            paramLabel = "X",
            converter = RealNumber.NotNegative.class,
            defaultValue = "0",
            description = "Strength of fresh noise in each step; 0 for none.")
    double sChurn;

    @Option(
            names = {"--S_min", "--S-min"},
            paramLabel = "X",
            converter = RealNumber.NotNegative.class,
            defaultValue = "0",
            description = "Lowest noise level with fresh noise.")
    double sMin;

    @Option(
            names = {"--S_max", "--S-max"},
            paramLabel = "X",
            converter = RealNumber.Unlimited.class,
            defaultValue = "inf",
            description = "Highest noise level with fresh noise.")
    double sMax;

    @Option(
            names = {"--S_noise", "--S-noise"},
            paramLabel = "X",
            converter = RealNumber.NotNegative.class,
            defaultValue = "1",
            description = "Relative strength of the fresh noise.")
    double sNoise;

    @Option(
            names = "--eta",
            paramLabel = "X",
            converter = RealNumber.Share.class,
            defaultValue = "1",
            description = "How much of the fresh noise of ancestral and SDE samplers, 0 to 1.")
    double eta;

    @Option(
            names = "--sigmas",
            paramLabel = "LIST",
            split = ",",
            converter = RealNumber.Positive.class,
            description = "Noise levels to visit, falling, such as 80,20,5,1,0.2,0.01; with another number of --steps,"
                    + " levels between them.")
    List<Double> sigmas = new ArrayList<>();

    @Option(
            names = "--schedule",
            paramLabel = "NAME",
            converter = Choice.Schedules.class,
            description =
                    "Noise levels: karras (default), exponential, polyexponential or aligned; of the official tool's"
                            + " general sampler, how the noise runs over time: linear, ve or vp.")
    String schedule;

    @Option(
            names = "--disc",
            paramLabel = "NAME",
            converter = Choice.Discretizations.class,
            description = "Noise levels by the official name: edm, ve, vp or iddpm.")
    String discretization;

    @Option(
            names = "--solver",
            paramLabel = "NAME",
            converter = Choice.Solvers.class,
            description = "The official tool's general sampler: heun or euler.")
    String solver;

    @Option(
            names = "--scaling",
            paramLabel = "NAME",
            converter = Choice.Scalings.class,
            description = "Of the general sampler: none or vp.")
    String scaling;

    /** Reads the name of a sampler. */
    static final class NameConverter implements ITypeConverter<String> {
        @Override
        public String convert(String text) {
            if (!Samplers.names().contains(text)) {
                throw new TypeConversionException(
                        "there is no sampler \"" + text + "\"; choose one of " + String.join(", ", Samplers.names()));
            }
            return text;
        }
    }

    @Override
    public String heading() {
        return "The sampler";
    }

    /** The settings for a model; one that is out of range is wrong usage. */
    SamplingConfig build(ModelConfig model) {
        try {
            return isGeneral() ? general(model) : named();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), e.getMessage(), e);
        }
    }

    /** Refuses what contradicts itself, before any file is read. */
    void check() {
        boolean noisy = noisy();
        GivenOptions.refuseUnless(command, sChurn > 0, "--S_churn X", List.of("--S_min", "--S_max"));
        GivenOptions.refuseUnless(command, sChurn > 0 || noisy, "--S_churn X", List.of("--S_noise"));
        GivenOptions.refuseUnless(command, noisy, "an ancestral or SDE --sampler, or ddim", List.of("--eta"));
        boolean heun = isGeneral() || sampler == null || sampler.equals(HEUN);
        GivenOptions.refuseUnless(command, heun, "--sampler " + HEUN, List.of("--S_churn"));
        GivenOptions.refuseUnless(
                command,
                sampler == null,
                "the general sampler, which has no --sampler",
                List.of("--solver", "--scaling"));
        if (!sigmas.isEmpty() && (schedule != null || discretization != null)) {
            throw new ParameterException(
                    command.commandLine(), "--sigmas, --schedule and --disc all say which noise levels; give one");
        }
        // Without a model the network's limits do not count, everything else is checked.
        named();
    }

    /** The official tool takes its general sampler as soon as one of its choices is given. */
    private boolean isGeneral() {
        return solver != null
                || scaling != null
                || schedule != null && Choice.TIMES.contains(schedule)
                || discretization != null && sampler == null;
    }

    private boolean noisy() {
        return sampler != null && (sampler.contains("ancestral") || sampler.contains("sde") || sampler.equals(DDIM));
    }

    private SamplingConfig named() {
        int count = GivenOptions.of(command).contains("--steps") || sigmas.isEmpty() ? steps : sigmas.size();
        try {
            return new SamplingConfig(sampler(), levels(), count);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), e.getMessage(), e);
        }
    }

    private Sampler sampler() {
        double share = sampler != null
                        && sampler.equals(DDIM)
                        && !GivenOptions.of(command).contains("--eta")
                ? 0
                : eta;
        return switch (sampler == null ? HEUN : sampler) {
            case HEUN -> new EdmSampler(churn());
            case DDIM, "euler-ancestral" -> new AncestralEulerSampler(share, sNoise);
            case "dpmpp-2s-ancestral" -> new Dpmpp2sAncestralSampler(eta, sNoise);
            case "dpmpp-2m-sde" -> new Dpmpp2mSdeSampler(Dpmpp2mSdeSampler.Correction.MIDPOINT, eta, sNoise);
            case "dpmpp-2m-sde-heun" -> new Dpmpp2mSdeSampler(Dpmpp2mSdeSampler.Correction.HEUN, eta, sNoise);
            case "dpmpp-3m-sde" -> new Dpmpp3mSdeSampler(Dpmpp3mSdeSampler.Curvature.HALF, eta, sNoise);
            default -> Samplers.byName(sampler);
        };
    }

    private Churn churn() {
        return new Churn(sChurn, sMin, sMax, sNoise);
    }

    private NoiseSchedule levels() {
        if (!sigmas.isEmpty()) {
            return new ListedSchedule(sigmas);
        }
        NoiseRange range = new NoiseRange(sigmaMin, sigmaMax);
        if (discretization != null) {
            return AblationConfig.of(
                            AblationConfig.Solver.HEUN,
                            choice(AblationConfig.Discretization.class, discretization, "edm"),
                            AblationConfig.Schedule.LINEAR,
                            AblationConfig.Scaling.NONE)
                    .withRho(rho)
                    .withRange(range)
                    .levels();
        }
        return switch (schedule == null ? "karras" : schedule) {
            case "exponential" -> PolyexponentialSchedule.exponential(range);
            case "polyexponential" -> new PolyexponentialSchedule(range, rho);
            case "aligned" -> ListedSchedule.aligned(range);
            default -> new KarrasSchedule(range, rho);
        };
    }

    private SamplingConfig general(ModelConfig model) {
        AblationConfig config = AblationConfig.of(
                        choice(AblationConfig.Solver.class, solver, "heun"),
                        choice(AblationConfig.Discretization.class, discretization, "edm"),
                        choice(AblationConfig.Schedule.class, schedule, "linear"),
                        choice(AblationConfig.Scaling.class, scaling, "none"))
                .withChurn(churn())
                .withRho(rho);
        List<String> given = GivenOptions.of(command);
        NoiseRange range = config.range();
        range = new NoiseRange(
                given.contains("--sigma_min") || given.contains("--sigma-min") ? sigmaMin : range.lowest(),
                given.contains("--sigma_max") || given.contains("--sigma-max") ? sigmaMax : range.highest());
        config = config.withRange(range.clampedTo(
                model.preconditioning().sigmaMin(), model.preconditioning().sigmaMax()));
        return new SamplingConfig(new AblationSampler(config), config.levels(), steps);
    }

    private static <E extends Enum<E>> E choice(Class<E> type, String name, String otherwise) {
        return Enum.valueOf(type, (name == null ? otherwise : name).toUpperCase(Locale.ROOT));
    }
}

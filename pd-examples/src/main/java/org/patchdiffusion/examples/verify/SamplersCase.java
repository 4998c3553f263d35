package org.patchdiffusion.examples.verify;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.eval.sample.AblationConfig;
import org.patchdiffusion.eval.sample.AblationSampler;
import org.patchdiffusion.eval.sample.ClassifierFreeDenoiser;
import org.patchdiffusion.eval.sample.EdmSampler;
import org.patchdiffusion.eval.sample.Guidance;
import org.patchdiffusion.eval.sample.NoiseSchedule;
import org.patchdiffusion.eval.sample.SampleRequest;
import org.patchdiffusion.eval.sample.Sampler;
import org.patchdiffusion.eval.sample.Samples;
import org.patchdiffusion.model.BatchedDenoiser;
import org.patchdiffusion.model.Denoiser;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.engine.Engine;

/** Whole sampling runs of the networks in other cases of the folder. */
final class SamplersCase implements CaseKind {
    private static final Pattern STEPS = Pattern.compile("edm\\.steps(\\d+)\\.x");
    private static final Pattern GUIDED = Pattern.compile("edm\\.cfg([\\d.]+)\\.x");
    private static final Pattern ABLATION =
            Pattern.compile("ablation\\.(\\w+)\\.(\\w+)\\.(\\w+)\\.(\\w+)(?:\\.alpha([\\d.]+))?\\.x");

    @Override
    public String prefix() {
        return "samplers";
    }

    @Override
    public boolean recognises(GoldenCase golden) {
        return golden.has("latents") && golden.has("pos") && golden.settings().has("sampler_defaults");
    }

    @Override
    public List<Check> run(GoldenCase golden, VerificationEngines engines) throws IOException {
        Engine engine = engines.main();
        List<Check> checks = new ArrayList<>();
        runKeys(golden, engine, SamplerNetworks.unconditional(golden), false, checks);
        if (golden.has("labels")) {
            runKeys(golden, engine, SamplerNetworks.conditional(golden), true, checks);
        }
        return checks;
    }

    private static void runKeys(
            GoldenCase golden, Engine engine, DiffusionModel model, boolean conditional, List<Check> checks) {
        int batch = (int) golden.array("latents").size(0);
        try (BatchedDenoiser denoiser = model.denoiser(engine, batch, golden.floats("pos"))) {
            for (String key : golden.arrays().keySet()) {
                boolean wantsLabels =
                        key.equals("edm.cond.x") || GUIDED.matcher(key).matches();
                if (key.endsWith(".x") && wantsLabels == conditional) {
                    checks.add(check(golden, engine, key, denoiser));
                    addNoiseLevels(golden, key, checks);
                }
            }
        }
    }

    private static Check check(GoldenCase golden, Engine engine, String key, Denoiser denoiser) {
        SamplerSettings settings = SamplerSettings.of(golden, "sampler_defaults");
        SampleRequest request = SampleRequest.of(golden.array("latents"));
        Matcher ablation = ABLATION.matcher(key);
        Matcher guided = GUIDED.matcher(key);
        if (key.equals("edm.stochastic.x")) {
            settings = SamplerSettings.of(golden, "stochastic").over(settings);
            INDArray recorded = golden.array("edm.stochastic.noise");
            request = request.withNoise((step, target) -> target.assign(recorded.get(NDArrayIndex.point(step))));
        }
        request = request.withSteps(steps(key, settings));
        Sampler sampler = new EdmSampler(settings.churn());
        NoiseSchedule schedule = settings.karras();
        if (ablation.matches()) {
            AblationConfig config = ablation(ablation, settings);
            sampler = new AblationSampler(config);
            schedule = config.levels();
        }
        if (key.equals("edm.cond.x") || guided.matches()) {
            request = request.withLabels(golden.floats("labels"));
        }
        double weight = guided.matches() ? Double.parseDouble(guided.group(1)) : 1;
        try (ClassifierFreeDenoiser guide = new ClassifierFreeDenoiser(denoiser, Guidance.of(weight));
                Samples samples = sampler.sample(guided.matches() ? guide : denoiser, schedule, request)) {
            return new Check(
                    engine.name() + ": " + key,
                    Errors.relative(samples.images(), golden.array(key)),
                    VerificationEngines.bars(engine).samples());
        }
    }

    private static int steps(String key, SamplerSettings defaults) {
        Matcher steps = STEPS.matcher(key);
        return steps.matches() ? Integer.parseInt(steps.group(1)) : defaults.integer("num_steps", 18);
    }

    /** The noise levels of a plain run, if they are recorded beside its images. */
    private static void addNoiseLevels(GoldenCase golden, String key, List<Check> checks) {
        String levels = key.substring(0, key.length() - 1) + "t";
        if (STEPS.matcher(key).matches() && golden.has(levels)) {
            SamplerSettings defaults = SamplerSettings.of(golden, "sampler_defaults");
            double[] got = defaults.karras().levels(steps(key, defaults));
            checks.add(new Check(levels, Errors.largestRelative(got, golden.doubles(levels)), Bars.FORMULA));
        }
    }

    private static AblationConfig ablation(Matcher choices, SamplerSettings defaults) {
        AblationConfig config = AblationConfig.of(
                choice(AblationConfig.Solver.class, choices.group(1)),
                choice(AblationConfig.Discretization.class, choices.group(2)),
                choice(AblationConfig.Schedule.class, choices.group(3)),
                choice(AblationConfig.Scaling.class, choices.group(4)));
        String alpha = choices.group(5);
        return config.withAlpha(alpha == null ? defaults.real("alpha", 1) : Double.parseDouble(alpha))
                .withRho(defaults.real("rho", 7));
    }

    private static <E extends Enum<E>> E choice(Class<E> type, String name) {
        return Arrays.stream(type.getEnumConstants())
                .filter(constant -> constant.name().equals(name.toUpperCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("the ablation choice \"" + name + "\" is unknown"));
    }
}

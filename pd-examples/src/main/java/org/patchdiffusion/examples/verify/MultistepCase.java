package org.patchdiffusion.examples.verify;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.eval.sample.AncestralEulerSampler;
import org.patchdiffusion.eval.sample.Dpmpp2mSampler;
import org.patchdiffusion.eval.sample.Dpmpp2mSdeSampler;
import org.patchdiffusion.eval.sample.Dpmpp2sAncestralSampler;
import org.patchdiffusion.eval.sample.Dpmpp3mSdeSampler;
import org.patchdiffusion.eval.sample.EdmSampler;
import org.patchdiffusion.eval.sample.EulerSampler;
import org.patchdiffusion.eval.sample.KarrasSchedule;
import org.patchdiffusion.eval.sample.LmsSampler;
import org.patchdiffusion.eval.sample.NoiseRange;
import org.patchdiffusion.eval.sample.NoiseSchedule;
import org.patchdiffusion.eval.sample.PolyexponentialSchedule;
import org.patchdiffusion.eval.sample.SampleRequest;
import org.patchdiffusion.eval.sample.Sampler;
import org.patchdiffusion.eval.sample.Samples;
import org.patchdiffusion.eval.sample.UniPcSampler;

/** Whole runs of the samplers of k-diffusion and UniPC in float64, on an analytic denoiser with recorded noise. */
final class MultistepCase implements CaseKind {
    private static final String RUN = "out.";
    private static final String LEVELS = "sigmas.";
    private static final double RUN_BAR = 1e-6;
    private static final double LEVELS_BAR = 1e-12;

    private static final Map<String, Sampler> SAMPLERS = Map.ofEntries(
            Map.entry("euler", new EulerSampler()),
            Map.entry("heun", new EdmSampler()),
            Map.entry("dpmpp_2m", new Dpmpp2mSampler()),
            Map.entry("euler_ancestral", new AncestralEulerSampler()),
            Map.entry("dpmpp_2s_ancestral", new Dpmpp2sAncestralSampler()),
            Map.entry("dpmpp_2m_sde", new Dpmpp2mSdeSampler(Dpmpp2mSdeSampler.Correction.MIDPOINT)),
            Map.entry("dpmpp_2m_sde.heun.eta05", new Dpmpp2mSdeSampler(Dpmpp2mSdeSampler.Correction.HEUN, 0.5, 1)),
            Map.entry("dpmpp_3m_sde", new Dpmpp3mSdeSampler()),
            Map.entry("lms", new LmsSampler()),
            Map.entry("unipc_bh1.order2", new UniPcSampler(UniPcSampler.Variant.B1, 2)),
            Map.entry("unipc_bh1.order3", new UniPcSampler(UniPcSampler.Variant.B1, 3)),
            Map.entry("unipc_bh2.order2", new UniPcSampler(UniPcSampler.Variant.B2, 2)),
            Map.entry("unipc_bh2.order3", new UniPcSampler(UniPcSampler.Variant.B2, 3)));

    @Override
    public String prefix() {
        return "samplers-multistep";
    }

    @Override
    public boolean recognises(GoldenCase golden) {
        return golden.has("mixture.means")
                && golden.has("latents")
                && golden.settings().has("nfe");
    }

    @Override
    public List<Check> run(GoldenCase golden, VerificationEngines engines) {
        List<Check> checks = new ArrayList<>();
        for (String key : new TreeSet<>(golden.arrays().keySet())) {
            if (key.startsWith(LEVELS)) {
                double[] got = schedule(golden, key.substring(LEVELS.length())).levels(steps(golden));
                checks.add(new Check(key, Errors.largestRelative(got, golden.doubles(key)), LEVELS_BAR));
            } else if (key.startsWith(RUN)) {
                addRun(golden, key.substring(RUN.length()), checks);
            }
        }
        return checks;
    }

    private static void addRun(GoldenCase golden, String run, List<Check> checks) {
        int dot = run.lastIndexOf('.');
        Sampler sampler = SAMPLERS.get(run.substring(0, Math.max(0, dot)));
        if (sampler == null) {
            throw new IllegalArgumentException("the run " + run + " is of no sampler known here");
        }
        INDArray noise = golden.array("noise");
        SampleRequest request = SampleRequest.of(golden.array("latents"))
                .withSteps(steps(golden))
                .withNoise((step, target) -> target.assign(noise.get(NDArrayIndex.point(step))));
        NoiseSchedule schedule = schedule(golden, run.substring(dot + 1));
        try (Samples samples = sampler.sample(mixture(golden), schedule, request)) {
            checks.add(new Check(run, Errors.relative(samples.images(), golden.array(RUN + run)), RUN_BAR));
            int evaluations = golden.setting("nfe").path(run).asInt(-1);
            checks.add(new Check(run + " (evaluations off)", Math.abs(samples.evaluations() - evaluations), 0));
        }
    }

    private static int steps(GoldenCase golden) {
        return golden.setting("steps").asInt();
    }

    private static MixtureDenoiser mixture(GoldenCase golden) {
        double[] flat = golden.doubles("mixture.means");
        double[] weights = golden.doubles("mixture.weights");
        int length = flat.length / weights.length;
        double[][] means = new double[weights.length][length];
        for (int k = 0; k < means.length; k++) {
            System.arraycopy(flat, k * length, means[k], 0, length);
        }
        return new MixtureDenoiser(means, weights, golden.setting("std").asDouble());
    }

    private static NoiseSchedule schedule(GoldenCase golden, String name) {
        NoiseRange range = new NoiseRange(
                golden.setting("sigma_min").asDouble(),
                golden.setting("sigma_max").asDouble());
        double rho = golden.setting("rho").path(name).asDouble(1);
        return switch (name) {
            case "karras" -> new KarrasSchedule(range, rho);
            case "exponential", "polyexponential" -> new PolyexponentialSchedule(range, rho);
            default -> throw new IllegalArgumentException("the noise schedule " + name + " is unknown");
        };
    }
}

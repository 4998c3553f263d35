package org.patchdiffusion.eval.sample;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.model.io.Npz;

/** Samplers against k-diffusion and UniPC in float64, on an analytic denoiser. */
class GoldenMultistepTest {
    private static final Path FOLDER = Path.of("src/test/resources/golden");
    private static final int STEPS = 10;

    private static Map<String, INDArray> golden;
    private static JsonNode settings;
    private static MixtureDenoiser mixture;

    @BeforeAll
    static void load() throws IOException {
        golden = Npz.read(FOLDER.resolve("samplers-multistep.npz"));
        settings = new ObjectMapper()
                .readTree(FOLDER.resolve("samplers-multistep.json").toFile());
        INDArray means = golden.get("mixture.means");
        mixture = new MixtureDenoiser(
                means.reshape(means.size(0), means.length() / means.size(0)).toDoubleMatrix(),
                golden.get("mixture.weights").toDoubleVector(),
                settings.get("std").asDouble());
    }

    static TreeSet<String> runs() throws IOException {
        TreeSet<String> runs = new TreeSet<>();
        for (String key : Npz.read(FOLDER.resolve("samplers-multistep.npz")).keySet()) {
            if (key.startsWith("out.")) {
                runs.add(key.substring("out.".length()));
            }
        }
        return runs;
    }

    @Test
    void everyRunIsThere() throws IOException {
        assertEquals(39, runs().size());
    }

    @ParameterizedTest
    @CsvSource({"karras", "exponential", "polyexponential"})
    void levels(String name) {
        double[] want = golden.get("sigmas." + name).toDoubleVector();
        double[] got = schedule(name).levels(STEPS);
        assertEquals(want.length, got.length);
        for (int i = 0; i < want.length; i++) {
            assertEquals(want[i], got[i], 1e-12 * Math.max(1, want[i]));
        }
    }

    @ParameterizedTest
    @MethodSource("runs")
    void matches(String run) {
        INDArray latents = golden.get("latents");
        INDArray noise = golden.get("noise");
        SampleRequest request = SampleRequest.of(latents)
                .withSteps(STEPS)
                .withNoise((step, target) -> target.assign(noise.get(NDArrayIndex.point(step))));
        String schedule = run.substring(run.lastIndexOf('.') + 1);
        try (Samples samples = sampler(run).sample(mixture, schedule(schedule), request)) {
            INDArray want = golden.get("out." + run);
            double error = samples.images().sub(want).norm2Number().doubleValue()
                    / want.norm2Number().doubleValue();
            assertTrue(error <= 1e-6, run + ": relative error " + error);
            assertEquals(settings.get("nfe").get(run).asInt(), samples.evaluations());
        }
    }

    private static NoiseSchedule schedule(String name) {
        return switch (name) {
            case "karras" -> KarrasSchedule.EDM;
            case "exponential" -> PolyexponentialSchedule.exponential(NoiseRange.EDM);
            case "polyexponential" -> new PolyexponentialSchedule(NoiseRange.EDM, 1.5);
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static Sampler sampler(String run) {
        String name = run.substring(0, run.lastIndexOf('.'));
        return switch (name) {
            case "euler" -> new EulerSampler();
            case "heun" -> new EdmSampler();
            case "dpmpp_2m" -> new Dpmpp2mSampler();
            case "euler_ancestral" -> new AncestralEulerSampler();
            case "dpmpp_2s_ancestral" -> new Dpmpp2sAncestralSampler();
            case "dpmpp_2m_sde" -> new Dpmpp2mSdeSampler(Dpmpp2mSdeSampler.Correction.MIDPOINT);
            case "dpmpp_2m_sde.heun.eta05" -> new Dpmpp2mSdeSampler(Dpmpp2mSdeSampler.Correction.HEUN, 0.5, 1);
            case "dpmpp_3m_sde" -> new Dpmpp3mSdeSampler();
            case "lms" -> new LmsSampler();
            case "unipc_bh1.order2" -> new UniPcSampler(UniPcSampler.Variant.B1, 2);
            case "unipc_bh1.order3" -> new UniPcSampler(UniPcSampler.Variant.B1, 3);
            case "unipc_bh2.order2" -> new UniPcSampler(UniPcSampler.Variant.B2, 2);
            case "unipc_bh2.order3" -> new UniPcSampler(UniPcSampler.Variant.B2, 3);
            default -> throw new IllegalArgumentException(name);
        };
    }

    @Test
    void theAnalyticDenoiserIsThatOfTheReference() {
        // The end of the exact path lies on the data: a point that is its own estimate at the lowest noise.
        INDArray end = golden.get("ode.exact");
        try (INDArray sigma = end.like().assign(1e-3)) {
            INDArray denoised = mixture.denoise(end, sigma, null);
            assertArrayEquals(
                    end.dup('c').data().asDouble(), denoised.dup('c').data().asDouble(), 1e-4);
        }
    }
}

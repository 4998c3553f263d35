package org.patchdiffusion.eval.sample;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.eval.sample.AblationConfig.Discretization;
import org.patchdiffusion.eval.sample.AblationConfig.Scaling;
import org.patchdiffusion.eval.sample.AblationConfig.Schedule;
import org.patchdiffusion.eval.sample.AblationConfig.Solver;
import org.patchdiffusion.model.BatchedDenoiser;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.Parameters;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.engine.GenericEngine;
import org.patchdiffusion.model.io.Npz;
import org.patchdiffusion.model.precond.Preconditioning;

/** Samplers against the official implementation in float64, through real networks. */
class GoldenSamplersTest {
    private static final double BAR = 1e-4;

    private static final Map<String, BatchedDenoiser> DENOISERS = new HashMap<>();
    private static Map<String, INDArray> golden;

    @BeforeAll
    static void load() throws IOException {
        golden = Npz.read(file("samplers.npz"));
        DENOISERS.put("unet-ddpmpp", denoiser("unet-ddpmpp", 0, 0));
        DENOISERS.put("unet-ddpmpp-cond-augment", denoiser("unet-ddpmpp-cond-augment", 10, 9));
    }

    @AfterAll
    static void close() {
        DENOISERS.values().forEach(BatchedDenoiser::close);
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 18})
    void deterministic(int steps) {
        assertArrayEquals(
                golden.get("edm.steps" + steps + ".t").toDoubleVector(), KarrasSchedule.EDM.levels(steps), 1e-9);
        int evaluations = compare("edm.steps" + steps, new EdmSampler(), KarrasSchedule.EDM, plain().withSteps(steps));
        assertEquals(2 * steps - 1, evaluations);
    }

    @Test
    void stochastic() {
        Churn churn = new Churn(40, 0.05, 50, 1.003);
        INDArray recorded = golden.get("edm.stochastic.noise");
        SampleRequest request =
                plain().withSteps(8).withNoise((step, target) -> target.assign(recorded.get(NDArrayIndex.point(step))));
        compare("edm.stochastic", new EdmSampler(churn), KarrasSchedule.EDM, request);
        AblationConfig general = AblationConfig.of(Solver.HEUN, Discretization.EDM, Schedule.LINEAR, Scaling.NONE)
                .withChurn(churn);
        compare("edm.stochastic", new AblationSampler(general), general.levels(), request);
    }

    @Test
    void conditionalAndGuided() {
        // The reference's description leaves out its number of steps: of 2 to 15, 6 is the one that fits.
        BatchedDenoiser model = DENOISERS.get("unet-ddpmpp-cond-augment");
        SampleRequest request = plain().withSteps(6).withLabels(golden.get("labels"));
        try (Samples plain = new EdmSampler().sample(model, KarrasSchedule.EDM, request)) {
            assertClose("edm.cond", plain.images());
        }
        try (ClassifierFreeDenoiser guide = new ClassifierFreeDenoiser(model, Guidance.of(1.3));
                Samples guided = new EdmSampler().sample(guide, KarrasSchedule.EDM, request)) {
            assertClose("edm.cfg1.3", guided.images());
        }
    }

    static List<String> combinations() throws IOException {
        return Npz.read(file("samplers.npz")).keySet().stream()
                .filter(key -> key.startsWith("ablation."))
                .map(key -> key.substring(0, key.length() - ".x".length()))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("combinations")
    void ablation(String name) {
        String[] parts = name.toUpperCase(Locale.ROOT).split("\\.", 6);
        AblationConfig config = AblationConfig.of(
                Solver.valueOf(parts[1]),
                Discretization.valueOf(parts[2]),
                Schedule.valueOf(parts[3]),
                Scaling.valueOf(parts[4]));
        if (parts.length > 5) {
            config = config.withAlpha(Double.parseDouble(parts[5].substring("ALPHA".length())));
        }
        compare(name, new AblationSampler(config), config.levels(), plain().withSteps(6));
    }

    @Test
    void samplesOfASeedDoNotDependOnTheBatch() {
        Sampler sampler = new EdmSampler(Churn.of(10));
        BatchedDenoiser model = DENOISERS.get("unet-ddpmpp");
        try (Samples batch = sampler.sample(model, KarrasSchedule.EDM, ofSeeds(5, 6, 7));
                Samples alone = sampler.sample(model, KarrasSchedule.EDM, ofSeeds(7))) {
            assertEquals(
                    alone.images().tensorAlongDimension(0, 1, 2, 3),
                    batch.images().tensorAlongDimension(2, 1, 2, 3));
        }
    }

    private static SampleRequest ofSeeds(long... seeds) {
        return SampleRequest.ofSeeds(seeds, 3, 16, 16).withSteps(4);
    }

    private static SampleRequest plain() {
        return SampleRequest.of(golden.get("latents"));
    }

    private static int compare(String name, Sampler sampler, NoiseSchedule schedule, SampleRequest request) {
        try (Samples samples = sampler.sample(DENOISERS.get("unet-ddpmpp"), schedule, request)) {
            assertClose(name, samples.images());
            return samples.evaluations();
        }
    }

    private static void assertClose(String name, INDArray got) {
        INDArray want = golden.get(name + ".x");
        assertEquals(DataType.DOUBLE, got.dataType());
        double error =
                got.sub(want).norm2Number().doubleValue() / want.norm2Number().doubleValue();
        assertTrue(error <= BAR, name + ": relative error " + error);
    }

    private static BatchedDenoiser denoiser(String network, int labelDim, int augmentDim) throws IOException {
        UNetConfig unet = UNetConfig.ddpmpp(16, 3)
                .modelChannels(16)
                .channelMult(List.of(1, 2))
                .numBlocks(1)
                .attnResolutions(List.of(8))
                .dropout(0)
                .labelDim(labelDim)
                .augmentDim(augmentDim)
                .build();
        ModelConfig config = new ModelConfig(unet, Preconditioning.byName("pedm"), 16, 16);
        Map<String, INDArray> stored = Npz.read(file(network + ".npz"));
        Parameters parameters = Parameters.zeros(DiffusionModel.layout(config));
        for (ParameterLayout.Entry entry : parameters.layout().entries()) {
            INDArray official = stored.get("param." + entry.name());
            parameters.view(entry.name()).assign(entry.isKernel() ? official.permute(2, 3, 1, 0) : official);
        }
        return DiffusionModel.of(config, parameters).denoiser(new GenericEngine(), 2, golden.get("pos"));
    }

    private static Path file(String name) throws IOException {
        try {
            return Path.of(
                    GoldenSamplersTest.class.getResource("/golden/" + name).toURI());
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
    }
}

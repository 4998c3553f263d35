package org.patchdiffusion.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.model.engine.Accuracy;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Engines;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.Profiled;
import org.patchdiffusion.model.engine.Program;
import org.patchdiffusion.model.engine.compiled.CompiledEngine;
import org.patchdiffusion.model.precond.NoiseLevel;
import org.patchdiffusion.model.testing.Golden;

/** Outputs, losses and gradients of every network of the design space against the official implementation in float64. */
class GoldenUNetTest {

    /**
     * An engine and how far it may be from the reference.
     *
     * @param output bar on relative errors of outputs and losses
     * @param gradient bar on the relative error of each parameter's gradient
     */
    record Candidate(String engine, double output, double gradient) {

        /** bfloat16 is judged by direction and length: a gradient's rounding errors do not add up in its direction. */
        boolean isRough() {
            return engine.equals("bf16");
        }
    }

    /** How far apart the lengths of a gradient may be in bfloat16; its {@code gradient} bar is on 1 − cosine. */
    private static final double LENGTH_BAR = 0.05;

    private static final List<Candidate> CANDIDATES = List.of(
            new Candidate("samediff", 1e-5, 1e-4),
            new Candidate("generic", 1e-5, 1e-4),
            new Candidate("exact", 1e-5, 1e-4),
            new Candidate("fast", 1e-4, 1e-3),
            new Candidate("bf16", 2e-2, 1e-2));

    /** A case with its graphs, which take longer to build than to run: kept until the next case. */
    private static final class Fixture {
        private static Fixture current;

        private final String name;
        private final Golden golden;
        private final DiffusionModel model;
        private final Map<List<Long>, Graph> denoisers = new HashMap<>();
        private final Graph loss;

        private Fixture(String name) {
            this.name = name;
            this.golden = Golden.read(name);
            this.model = golden.model();
            INDArray y = golden.array("loss.y");
            this.loss = model.lossGraph((int) y.size(0), (int) y.size(2), (int) y.size(3));
        }

        static Fixture of(String name) {
            if (current == null || !current.name.equals(name)) {
                current = new Fixture(name);
            }
            return current;
        }

        Graph denoiser(INDArray x) {
            return denoisers.computeIfAbsent(
                    List.of(x.size(0), x.size(2), x.size(3)),
                    size -> model.denoiserGraph((int) x.size(0), (int) x.size(2), (int) x.size(3)));
        }
    }

    static List<String> cases() {
        return Golden.UNETS;
    }

    static Stream<Arguments> casesAndEngines() {
        return cases().stream().flatMap(name -> CANDIDATES.stream()
                .filter(c -> !c.isRough() || CompiledEngine.isAvailable(Accuracy.BFLOAT16))
                .map(c -> Arguments.of(name, c)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void layoutIsTheOfficialStateDict(String name) {
        Golden golden = Golden.read(name);
        ParameterLayout layout = golden.model().parameters().layout();
        List<String> official = golden.arrays().keySet().stream()
                .filter(key -> key.startsWith("param."))
                .map(key -> key.substring("param.".length()))
                .toList();
        assertEquals(
                official,
                layout.entries().stream().map(ParameterLayout.Entry::name).toList());
        for (ParameterLayout.Entry entry : layout.entries()) {
            assertArrayEquals(golden.array("param." + entry.name()).shape(), entry.officialShape(), entry.name());
        }
        assertEquals(((Number) golden.settings().get("params")).longValue(), layout.parameterCount());
    }

    @ParameterizedTest
    @MethodSource("casesAndEngines")
    void agrees(String name, Candidate candidate) {
        Fixture fixture = Fixture.of(name);
        Engine engine = Engines.byName(candidate.engine());
        denoisesWholeImagesAndPatches(fixture, engine, candidate);
        differentiatesTheLoss(fixture, engine, candidate);
    }

    private static Program compile(Engine engine, Graph graph) {
        Program program = engine.compile(graph);
        boolean compiler = engine instanceof CompiledEngine && CompiledEngine.isAvailable();
        assertEquals(compiler, program instanceof Profiled, "compiled, not run as a plan of ND4J operations");
        return program;
    }

    private static void denoisesWholeImagesAndPatches(Fixture fixture, Engine engine, Candidate candidate) {
        Golden golden = fixture.golden;
        Map<String, Double> errors = new TreeMap<>();
        for (String size : List.of("full", "half", "quarter")) {
            INDArray x = golden.array("in." + size + ".x");
            Map<String, INDArray> inputs = labels(golden);
            inputs.put("x", x);
            inputs.put("sigma", golden.array("in." + size + ".sigma"));
            inputs.put("pos", golden.array("in." + size + ".pos"));
            try (Program program = compile(engine, fixture.denoiser(x))) {
                INDArray denoised = program.forward(inputs).get("D");
                errors.put(size, Golden.relativeError(denoised, golden.array("out." + size + ".D")));
            }
        }
        assertTrue(errors.values().stream().allMatch(e -> e <= candidate.output()), errors.toString());
    }

    private static void differentiatesTheLoss(Fixture fixture, Engine engine, Candidate candidate) {
        Golden golden = fixture.golden;
        Gradients gradients = engine.newGradients(fixture.model.parameters().layout());
        try (Program program = compile(engine, fixture.loss)) {
            Map<String, INDArray> outputs = program.backward(lossInputs(fixture), gradients);
            assertTrue(Golden.relativeError(outputs.get("loss"), golden.array("loss.value")) <= candidate.output());
            INDArray perImage = golden.array("loss.per_image_sum");
            assertTrue(Golden.relativeError(outputs.get("loss_per_image"), perImage) <= candidate.output());
        }
        checkGradients(golden, new Parameters(gradients.layout(), gradients.sum()), candidate);
    }

    private static Map<String, INDArray> lossInputs(Fixture fixture) {
        Golden golden = fixture.golden;
        Map<String, INDArray> inputs = labels(golden);
        inputs.put("y", golden.array("loss.y"));
        inputs.put("noise", golden.array("loss.noise"));
        inputs.put("pos", golden.array("loss.pos"));
        double[] normal = golden.doubles("loss.rnd_normal");
        INDArray sigma = Nd4j.create(DataType.FLOAT, normal.length);
        INDArray weight = Nd4j.create(DataType.FLOAT, normal.length);
        for (int i = 0; i < normal.length; i++) {
            NoiseLevel level = fixture.model.config().preconditioning().draw(normal[i]);
            sigma.putScalar(i, level.sigma());
            weight.putScalar(i, level.weight());
        }
        inputs.put("sigma", sigma);
        inputs.put("weight", weight);
        return inputs;
    }

    private static void checkGradients(Golden golden, Parameters got, Candidate candidate) {
        double bar = candidate.gradient();
        String worst = "";
        double worstError = 0;
        int compared = 0;
        for (ParameterLayout.Entry entry : got.layout().entries()) {
            INDArray have = got.view(entry.name()).castTo(DataType.DOUBLE);
            if (!golden.arrays().containsKey("grad." + entry.name())) {
                assertTrue(entry.trained() || have.amaxNumber().doubleValue() == 0, entry.name());
                continue;
            }
            INDArray want =
                    Golden.stored(entry, golden.array("grad." + entry.name())).castTo(DataType.DOUBLE);
            if (entry.name().endsWith(".qkv.bias")) {
                // The gradient of the keys' bias is zero in exact arithmetic: both sides hold rounding noise.
                INDArray keys = keys(have);
                assertTrue(keys.amaxNumber().doubleValue()
                        <= bar * want.amaxNumber().doubleValue());
                keys.assign(keys(want));
            }
            double error = candidate.isRough() ? angle(have, want) : Golden.relativeError(have, want);
            if (candidate.isRough()) {
                double length =
                        have.norm2Number().doubleValue() / want.norm2Number().doubleValue();
                assertEquals(1, length, LENGTH_BAR, "length of the gradient of " + entry.name());
            }
            if (!(error <= worstError)) {
                worstError = error;
                worst = entry.name();
            }
            compared++;
        }
        assertEquals(
                golden.arrays().keySet().stream()
                        .filter(key -> key.startsWith("grad."))
                        .count(),
                compared);
        assertTrue(worstError <= bar, worst + " has an error of " + worstError);
    }

    /** 1 − cosine. */
    private static double angle(INDArray a, INDArray b) {
        double product = a.mul(b).sumNumber().doubleValue();
        return 1 - product / (a.norm2Number().doubleValue() * b.norm2Number().doubleValue());
    }

    /** View of the key entries of a bias whose axis interleaves q, k and v. */
    private static INDArray keys(INDArray bias) {
        return bias.get(NDArrayIndex.interval(1, 3, bias.length()));
    }

    private static Map<String, INDArray> labels(Golden golden) {
        Map<String, INDArray> inputs = new HashMap<>();
        Map.of("in.labels", "labels", "in.augment", "augment_labels").forEach((key, placeholder) -> {
            if (golden.arrays().containsKey(key)) {
                inputs.put(placeholder, golden.array(key));
            }
        });
        return inputs;
    }
}

package org.patchdiffusion.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.Program;
import org.patchdiffusion.model.engine.SameDiffEngine;
import org.patchdiffusion.model.precond.NoiseLevel;
import org.patchdiffusion.model.testing.Golden;

/** Outputs, losses and gradients of every network of the design space against the official implementation in float64. */
class GoldenUNetTest {

    private static final double OUTPUT_BAR = 1e-5;
    private static final double GRADIENT_BAR = 1e-4;

    private final Engine engine = new SameDiffEngine();

    static List<String> cases() {
        return Golden.UNETS;
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
    @MethodSource("cases")
    void denoisesWholeImagesAndPatches(String name) {
        Golden golden = Golden.read(name);
        DiffusionModel model = golden.model();
        Map<String, Double> errors = new TreeMap<>();
        for (String size : List.of("full", "half", "quarter")) {
            INDArray x = golden.array("in." + size + ".x");
            Map<String, INDArray> inputs = labels(golden);
            inputs.put("x", x);
            inputs.put("sigma", golden.array("in." + size + ".sigma"));
            inputs.put("pos", golden.array("in." + size + ".pos"));
            Graph graph = model.denoiserGraph((int) x.size(0), (int) x.size(2), (int) x.size(3));
            try (Program program = engine.compile(graph)) {
                INDArray denoised = program.forward(inputs).get("D");
                errors.put(size, Golden.relativeError(denoised, golden.array("out." + size + ".D")));
            }
        }
        assertTrue(errors.values().stream().allMatch(e -> e <= OUTPUT_BAR), name + " " + errors);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void differentiatesTheLoss(String name) {
        Golden golden = Golden.read(name);
        DiffusionModel model = golden.model();
        INDArray y = golden.array("loss.y");
        Map<String, INDArray> inputs = labels(golden);
        inputs.put("y", y);
        inputs.put("noise", golden.array("loss.noise"));
        inputs.put("pos", golden.array("loss.pos"));
        double[] normal = golden.doubles("loss.rnd_normal");
        INDArray sigma = Nd4j.create(DataType.FLOAT, normal.length);
        INDArray weight = Nd4j.create(DataType.FLOAT, normal.length);
        for (int i = 0; i < normal.length; i++) {
            NoiseLevel level = model.config().preconditioning().draw(normal[i]);
            sigma.putScalar(i, level.sigma());
            weight.putScalar(i, level.weight());
        }
        inputs.put("sigma", sigma);
        inputs.put("weight", weight);
        Graph graph = model.lossGraph((int) y.size(0), (int) y.size(2), (int) y.size(3));
        Gradients gradients = engine.newGradients(model.parameters().layout());
        try (Program program = engine.compile(graph)) {
            Map<String, INDArray> outputs = program.backward(inputs, gradients);
            assertTrue(Golden.relativeError(outputs.get("loss"), golden.array("loss.value")) <= OUTPUT_BAR);
            INDArray perImage = golden.array("loss.per_image_sum");
            assertTrue(Golden.relativeError(outputs.get("loss_per_image"), perImage) <= OUTPUT_BAR);
        }
        checkGradients(golden, new Parameters(gradients.layout(), gradients.sum()));
    }

    private static void checkGradients(Golden golden, Parameters got) {
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
                        <= GRADIENT_BAR * want.amaxNumber().doubleValue());
                keys.assign(keys(want));
            }
            double error = Golden.relativeError(have, want);
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
        assertTrue(worstError <= GRADIENT_BAR, worst + " has a relative error of " + worstError);
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

package org.patchdiffusion.model.engine.compiled;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.Parameters;
import org.patchdiffusion.model.engine.Accuracy;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.GenericEngine;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.Program;
import org.patchdiffusion.model.engine.compiled.run.CompiledProgram;

/** Graphs unlike this project's own: compiled if they can be, and never with another meaning than SameDiff's. */
class OthersGraphsTest {
    /** As large as the images are wide, so that broadcasting over the wrong axis would go unnoticed. */
    private static final int BATCH = 5;

    private static final int CHANNELS = 5;

    enum Case {
        UNPADDED(true, (sd, x) -> conv(sd, "b", conv(sd, "a", x, CHANNELS, 3, 0), 7, 3, 0)),
        WIDE_PADDING(true, (sd, x) -> conv(sd, "b", conv(sd, "a", x, CHANNELS, 3, 2), 7, 3, 2)),
        EVEN_KERNEL(true, (sd, x) -> conv(sd, "b", conv(sd, "a", x, CHANNELS, 2, 1), 7, 2, 0)),
        BLUR(true, (sd, x) -> blur(sd, conv(sd, "a", x, CHANNELS, 3, 1), 1, false)),
        BLUR_UNPADDED(true, (sd, x) -> blur(sd, conv(sd, "a", x, CHANNELS, 3, 1), 0, false)),
        UNEVEN_FILTER(false, (sd, x) -> blur(sd, conv(sd, "a", x, CHANNELS, 3, 1), 1, true)),
        DENSE(true, (sd, x) -> dense(sd, "b", dense(sd, "a", sd.reshape(x, BATCH, -1), 125, 6, false), 6, 3, true)),
        IMAGE_FLATTENED(true, (sd, x) -> sd.reshape(conv(sd, "a", x, CHANNELS, 3, 1), BATCH, -1)),
        VECTOR_RESHAPED(true, (sd, x) -> sd.reshape(dense(sd, "a", sd.reshape(x, BATCH, 125), 125, 6, true), 5, 2, 3)),
        ONE_NUMBER_AN_IMAGE(true, (sd, x) -> dense(sd, "a", sd.reshape(x, BATCH, 125), 125, 1, false)),
        NUMBERS_OVER_COLUMNS(false, (sd, x) -> conv(sd, "a", x, CHANNELS, 3, 1).mul(numbers(sd, x))),
        NUMBERS_OVER_IMAGES(
                true, (sd, x) -> conv(sd, "a", x, CHANNELS, 3, 1).mul(sd.reshape(numbers(sd, x), BATCH, 1, 1, 1))),
        VECTORS_OVER_ROWS(false, (sd, x) -> conv(sd, "a", x, CHANNELS, 3, 1)
                .add(dense(sd, "b", sd.reshape(x, BATCH, 125), 125, 5, true))),
        ONE_BIAS_FOR_ALL(false, (sd, x) -> sd.mmul(sd.reshape(x, BATCH, 125), parameter(sd, "w", 125, 4))
                .add(parameter(sd, "b", 1)));

        private final boolean compiles;
        private final BiFunction<SameDiff, SDVariable, SDVariable> form;

        Case(boolean compiles, BiFunction<SameDiff, SDVariable, SDVariable> form) {
            this.compiles = compiles;
            this.form = form;
        }

        Graph graph(String loss) {
            Nd4j.getRandom().setSeed(9);
            SameDiff sd = SameDiff.create();
            SDVariable x = sd.placeHolder("x", DataType.FLOAT, BATCH, CHANNELS, 5, 5);
            SDVariable y = sd.nn().swish("y", form.apply(sd, x));
            SDVariable mean = sd.mean("mean", sd.math().square(y));
            sd.math().square("squared mean", mean);
            return Graph.of(sd, List.of("y", "mean", loss), loss);
        }
    }

    private static SDVariable parameter(SameDiff sd, String name, long... shape) {
        return sd.var(name, Nd4j.randn(DataType.FLOAT, shape).muli(0.3));
    }

    private static SDVariable conv(SameDiff sd, String name, SDVariable x, int out, int size, int padding) {
        SDVariable kernel = parameter(sd, name + ".kernel", size, size, CHANNELS, out);
        return sd.cnn().conv2d(x, kernel, parameter(sd, name + ".bias", out), config(size, padding));
    }

    private static Conv2DConfig config(int size, int padding) {
        return Conv2DConfig.builder().kH(size).kW(size).pH(padding).pW(padding).build();
    }

    private static SDVariable blur(SameDiff sd, SDVariable x, int padding, boolean uneven) {
        INDArray kernel = Nd4j.createFromArray(new float[][] {{1, 2, 3}, {2, 4, 6}, {-1, -2, uneven ? 3 : -3}});
        SDVariable planes = sd.reshape(x, BATCH * CHANNELS, 1, 5, 5);
        SDVariable blurred = sd.cnn().conv2d(planes, sd.constant(kernel.reshape(3, 3, 1, 1)), config(3, padding));
        return sd.reshape(blurred, BATCH, CHANNELS, 3 + 2 * padding, 3 + 2 * padding);
    }

    private static SDVariable dense(SameDiff sd, String name, SDVariable x, int in, int out, boolean transposed) {
        SDVariable weight =
                transposed ? parameter(sd, name + ".weight", out, in) : parameter(sd, name + ".weight", in, out);
        return sd.mmul(x, weight, false, transposed, false).add(parameter(sd, name + ".bias", out));
    }

    private static SDVariable numbers(SameDiff sd, SDVariable x) {
        return sd.mean(x, 1, 2, 3);
    }

    @ParameterizedTest
    @EnumSource(Case.class)
    void meansWhatSameDiffSays(Case test) {
        check(test, "mean", test.compiles);
    }

    /** A sum over the batch is known to no single replica. */
    @ParameterizedTest
    @EnumSource(names = {"UNPADDED", "DENSE"})
    void goesOnAfterASumOverTheBatch(Case test) {
        check(test, "squared mean", false);
    }

    private static void check(Case test, String loss, boolean compiles) {
        Map<String, INDArray> want = run(new GenericEngine(), test.graph(loss));
        Map<String, INDArray> got = run(new CompiledEngine(Accuracy.EXACT, 2), test.graph(loss));
        assertEquals(compiles, compilesWhole(test.graph(loss)));
        want.forEach((name, value) -> {
            assertArrayEquals(value.shape(), got.get(name).shape(), name);
            double error = Networks.relativeError(got.get(name), value);
            assertTrue(error < 1e-5, name + " differs by " + error);
        });
    }

    private static Map<String, INDArray> run(Engine engine, Graph graph) {
        Nd4j.getRandom().setSeed(21);
        Map<String, INDArray> inputs = Map.of("x", Nd4j.randn(DataType.FLOAT, BATCH, CHANNELS, 5, 5));
        Gradients gradients = engine.newGradients(graph.parameters().layout());
        try (Program program = engine.compile(graph)) {
            Map<String, INDArray> results = new HashMap<>();
            program.backward(inputs, gradients).forEach((name, array) -> results.put(name, array.dup()));
            Parameters sums = new Parameters(gradients.layout(), gradients.sum());
            gradients
                    .layout()
                    .entries()
                    .forEach(entry -> results.put("gradient of " + entry.name(), sums.view(entry.name())));
            return results;
        }
    }

    /** Whether ND4J runs nothing between compiled parts. */
    private static boolean compilesWhole(Graph graph) {
        try (Program program = new CompiledEngine(Accuracy.EXACT, 2).compile(graph)) {
            return assertInstanceOf(CompiledProgram.class, program).foreignOps().isEmpty();
        }
    }
}

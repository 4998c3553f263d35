package org.patchdiffusion.model.engine.compiled;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.Parameters;
import org.patchdiffusion.model.engine.Accuracy;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.GenericEngine;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.Program;
import org.patchdiffusion.model.engine.compiled.run.CompiledProgram;

/** Self-attention between all 4,096 pixels of a 64×64 image, as autoencoders have it. */
class LargeAttentionTest {
    private static final int CHANNELS = 4;
    private static final int SIDE = 64;
    private static final int PIXELS = SIDE * SIDE;

    private static final Graph GRAPH = graph();
    private static final Map<String, INDArray> INPUTS = inputs();
    private static Run generic;

    /** The outputs and the gradient of a run, as copies. */
    private record Run(float[] projected, INDArray mixed, INDArray gradient) {}

    private static Graph graph() {
        Nd4j.getRandom().setSeed(11);
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 1, CHANNELS, SIDE, SIDE);
        SDVariable kernel = sd.var("kernel", Nd4j.randn(DataType.FLOAT, 1, 1, CHANNELS, 3 * CHANNELS));
        SDVariable bias =
                sd.var("bias", Nd4j.randn(DataType.FLOAT, 3 * CHANNELS).muli(0.3));
        Conv2DConfig config = Conv2DConfig.builder().kH(1).kW(1).build();
        SDVariable projected = sd.cnn().conv2d("projected", x, kernel, bias, config);
        SDVariable[] parts = sd.unstack(sd.reshape(projected, 1, CHANNELS, 3, PIXELS), 2, 3);
        SDVariable scores = sd.mmul(parts[0], parts[1], true, false, false).mul(1 / Math.sqrt(CHANNELS));
        SDVariable mixed = sd.mmul(parts[2], sd.nn().softmax(scores, 2), false, true, false);
        SDVariable image = sd.reshape("mixed", mixed, 1, CHANNELS, SIDE, SIDE);
        sd.mean("loss", sd.math().square(image));
        return Graph.of(sd, List.of("projected", "mixed", "loss"), "loss");
    }

    private static Map<String, INDArray> inputs() {
        Nd4j.getRandom().setSeed(12);
        return Map.of("x", Nd4j.randn(DataType.FLOAT, 1, CHANNELS, SIDE, SIDE));
    }

    private static Run run(Engine engine, boolean compiles) {
        Gradients gradients = engine.newGradients(GRAPH.parameters().layout());
        try (engine;
                Program program = engine.compile(GRAPH)) {
            if (compiles) {
                assertEquals(
                        List.of(),
                        assertInstanceOf(CompiledProgram.class, program).foreignOps());
            }
            Map<String, INDArray> outputs = program.backward(INPUTS, gradients);
            return new Run(
                    outputs.get("projected").reshape(-1).toFloatVector(),
                    outputs.get("mixed").dup(),
                    gradients.sum());
        }
    }

    private static Run generic() {
        if (generic == null) {
            generic = run(new GenericEngine(), false);
        }
        return generic;
    }

    @AfterAll
    static void forget() {
        generic = null;
    }

    @ParameterizedTest
    @MethodSource("org.patchdiffusion.model.engine.compiled.Networks#accuracies")
    void agreesWithTheGenericPlan(Accuracy accuracy) {
        Run want = generic();
        Run got = run(new CompiledEngine(accuracy, 2), true);
        boolean rough = accuracy == Accuracy.BFLOAT16;
        assertTrue(Networks.relativeError(got.mixed(), want.mixed()) < (rough ? 2e-2 : 1e-5));
        Parameters wanted = new Parameters(GRAPH.parameters().layout(), want.gradient());
        Parameters found = new Parameters(GRAPH.parameters().layout(), got.gradient());
        for (ParameterLayout.Entry entry : GRAPH.parameters().layout().entries()) {
            double error = Networks.relativeError(found.view(entry.name()), wanted.view(entry.name()));
            assertTrue(error < (rough ? 1e-1 : 1e-4), entry.name() + " differs by " + error);
        }
    }

    /** Some rows by the definition: softmax(q·k / √c) over all pixels, times v. */
    @Test
    void mixesAllPixels() {
        Run run = run(new CompiledEngine(Accuracy.EXACT, 2), true);
        float[] mixed = run.mixed().reshape(-1).toFloatVector();
        for (int pixel = 0; pixel < PIXELS; pixel += 273) {
            double[] want = row(run.projected(), pixel);
            float[] got = new float[CHANNELS];
            float[] wanted = new float[CHANNELS];
            for (int c = 0; c < CHANNELS; c++) {
                got[c] = mixed[c * PIXELS + pixel];
                wanted[c] = (float) want[c];
            }
            assertArrayEquals(wanted, got, 2e-5f, "pixel " + pixel);
        }
    }

    private static double[] row(float[] qkv, int pixel) {
        double[] sums = new double[CHANNELS];
        double total = 0;
        for (int other = 0; other < PIXELS; other++) {
            double score = 0;
            for (int c = 0; c < CHANNELS; c++) {
                score += (double) qkv[3 * c * PIXELS + pixel] * qkv[(3 * c + 1) * PIXELS + other];
            }
            double weight = Math.exp(score / Math.sqrt(CHANNELS));
            total += weight;
            for (int c = 0; c < CHANNELS; c++) {
                sums[c] += weight * qkv[(3 * c + 2) * PIXELS + other];
            }
        }
        for (int c = 0; c < CHANNELS; c++) {
            sums[c] /= total;
        }
        return sums;
    }
}

package org.patchdiffusion.model.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.PaddingMode;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.engine.compiled.CompiledEngine;

/** Graphs that somebody wrote with SameDiff alone, trained by the engines. */
class GraphTest {
    private static final int BATCH = 4;
    private static final int STEPS = 8;

    private final INDArray images;
    private final INDArray target;

    GraphTest() {
        Nd4j.getRandom().setSeed(17);
        images = Nd4j.randn(DataType.FLOAT, BATCH, 3, 6, 6);
        target = Nd4j.randn(DataType.FLOAT, BATCH, 2);
    }

    /** Convolution, swish, a dense layer over all pixels, mean squared error. */
    private static SameDiff regression() {
        Nd4j.getRandom().setSeed(5);
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, BATCH, 3, 6, 6);
        SDVariable target = sd.placeHolder("target", DataType.FLOAT, BATCH, 2);
        SDVariable kernel =
                sd.var("kernel", Nd4j.randn(DataType.FLOAT, 3, 3, 3, 8).muli(0.2));
        SDVariable bias = sd.var("bias", Nd4j.zeros(DataType.FLOAT, 8));
        Conv2DConfig same =
                Conv2DConfig.builder().kH(3).kW(3).paddingMode(PaddingMode.SAME).build();
        SDVariable h = sd.nn().swish(sd.cnn().conv2d(x, kernel, bias, same));
        SDVariable flat = sd.reshape(h, BATCH, 8 * 6 * 6);
        SDVariable weight =
                sd.var("a_weight", Nd4j.randn(DataType.FLOAT, 8 * 6 * 6, 2).muli(0.1));
        SDVariable y = sd.mmul(flat, weight).add("y", sd.var("shift", Nd4j.zeros(DataType.FLOAT, 2)));
        sd.mean("loss", sd.math().square(y.sub(target)));
        return sd;
    }

    private double[] train(Engine engine, Graph graph) {
        double[] losses = new double[STEPS];
        Gradients gradients = engine.newGradients(graph.parameters().layout());
        try (Program program = engine.compile(graph)) {
            boolean compiler = engine instanceof CompiledEngine && CompiledEngine.isAvailable();
            assertEquals(compiler, program instanceof Profiled, "compiled, not run as a plan of ND4J operations");
            for (int step = 0; step < STEPS; step++) {
                Map<String, INDArray> outputs = program.backward(Map.of("x", images, "target", target), gradients);
                losses[step] = outputs.get("loss").getDouble(0);
                graph.parameters().flat().subi(gradients.sum().muli(0.05));
            }
        }
        return losses;
    }

    @ParameterizedTest
    @CsvSource({"samediff, 1e-6", "generic, 1e-5", "exact, 1e-5", "fast, 1e-4"})
    void everyEngineTrainsAlikeAndSameDiffSeesIt(String engine, double bar) {
        double[] want = train(new SameDiffEngine(), Graph.of(regression(), List.of("loss"), "loss"));
        assertTrue(want[STEPS - 1] < 0.5 * want[0], "gradient descent must get somewhere");
        Graph graph = Graph.of(regression(), List.of("loss", "y"), "loss");
        double[] got = train(Engines.byName(engine), graph);
        for (int step = 0; step < STEPS; step++) {
            assertEquals(want[step], got[step], bar * want[0], "step " + step);
        }
        Map<String, INDArray> inputs = Map.of("x", images, "target", target);
        INDArray seen = graph.sameDiff().output(inputs, "y").get("y");
        try (Engine chosen = Engines.byName(engine);
                Program program = chosen.compile(graph)) {
            INDArray trained = program.forward(inputs).get("y");
            assertArrayEquals(new long[] {BATCH, 2}, trained.shape());
            assertTrue(trained.sub(seen).norm2Number().doubleValue()
                    <= bar * seen.norm2Number().doubleValue());
        }
        double loss = graph.sameDiff().output(inputs, "loss").get("loss").getDouble(0);
        assertTrue(loss < want[STEPS - 1], "SameDiff must see the last update too");
    }

    @Test
    void gathersVariablesByNameAsViews() {
        SameDiff sd = regression();
        float[] kernel = sd.getVariable("kernel").getArr().ravel().toFloatVector();
        Graph graph = Graph.of(sd, List.of("y"), null);
        List<ParameterLayout.Entry> entries = graph.parameters().layout().entries();
        assertEquals(
                List.of("a_weight", "bias", "kernel", "shift"),
                entries.stream().map(ParameterLayout.Entry::name).toList());
        assertArrayEquals(kernel, graph.parameters().view("kernel").ravel().toFloatVector());
        graph.parameters().flat().assign(3);
        assertEquals(3, sd.getVariable("kernel").getArr().meanNumber().doubleValue());
        sd.getVariable("bias").getArr().assign(4);
        assertEquals(4, graph.parameters().view("bias").meanNumber().doubleValue());
    }

    @Test
    void refusesWhatNoEngineTrains() {
        assertRefused("no variable to train", sd -> sd.constant("c", 1f));
        assertRefused("variable w is DOUBLE", sd -> sd.var("w", Nd4j.ones(DataType.DOUBLE, 2)));
    }

    private static void assertRefused(String part, Consumer<SameDiff> build) {
        SameDiff sd = SameDiff.create();
        build.accept(sd);
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> Graph.of(sd, List.of(), null));
        assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
    }
}

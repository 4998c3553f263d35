package org.patchdiffusion.model.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.precond.EdmPreconditioning;

/** Programs draw their dropout masks themselves. */
class DropoutTest {
    private static final double RATE = 0.3;

    private final DiffusionModel model = DiffusionModel.create(
            new ModelConfig(
                    UNetConfig.ddpmpp(16, 3)
                            .modelChannels(16)
                            .channelMult(List.of(1, 2))
                            .numBlocks(1)
                            .attnResolutions(List.of())
                            .dropout(RATE)
                            .build(),
                    EdmPreconditioning.standard(),
                    16,
                    16),
            new Random(3));

    private static Map<String, INDArray> inputs(Graph graph) {
        Map<String, INDArray> inputs = new HashMap<>();
        GraphSignature.of(graph).inputShapes().forEach((name, shape) -> {
            boolean isMask =
                    graph.dropouts().stream().anyMatch(d -> d.placeholder().equals(name));
            if (!isMask) {
                INDArray random = Nd4j.rand(DataType.FLOAT, shape);
                inputs.put(name, name.equals("sigma") || name.equals("weight") ? random.add(0.5) : random.sub(0.5));
            }
        });
        return inputs;
    }

    @ParameterizedTest
    @ValueSource(strings = {"samediff", "generic", "exact", "fast"})
    void drawsAFunctionOfSeedAndStep(String name) {
        model.parameters()
                .flat()
                .addi(Nd4j.rand(DataType.FLOAT, model.parameters().flat().length())
                        .subi(0.5)
                        .muli(0.1));
        Graph graph = model.lossGraph(3, 8, 8);
        assertTrue(graph.dropouts().size() > 4);
        Map<String, INDArray> inputs = inputs(graph);
        Map<String, INDArray> withMasks = new HashMap<>(inputs);
        Map<String, long[]> shapes = DiffusionModel.dropoutShapes(graph);
        for (int layer = 0; layer < graph.dropouts().size(); layer++) {
            String mask = graph.dropouts().get(layer).placeholder();
            withMasks.put(mask, Nd4j.create(DataType.FLOAT, shapes.get(mask)));
            DropoutMask.fill(7, 11, layer, RATE, withMasks.get(mask));
        }
        try (Engine engine = Engines.byName(name);
                Program program = engine.compile(graph)) {
            Gradients gradients = engine.newGradients(model.parameters().layout());
            IllegalArgumentException refusal =
                    assertThrows(IllegalArgumentException.class, () -> program.backward(inputs, gradients));
            assertTrue(
                    refusal.getMessage().contains("it is a dropout mask: call draw(seed, step)"), refusal.getMessage());

            double given = program.backward(withMasks, gradients).get("loss").getDouble(0);
            INDArray givenGradient = gradients.sum();
            program.draw(7, 11);
            for (int run = 0; run < 2; run++) {
                assertEquals(
                        given, program.backward(inputs, gradients).get("loss").getDouble(0));
                assertEquals(givenGradient, gradients.sum());
            }
            program.draw(7, 12);
            assertNotEquals(
                    given, program.backward(inputs, gradients).get("loss").getDouble(0));
            assertEquals(
                    given, program.backward(withMasks, gradients).get("loss").getDouble(0));
            program.draw(8, 11);
            assertNotEquals(given, program.forward(inputs).get("loss").getDouble(0));
            program.draw(7, 11);
            assertEquals(given, program.forward(inputs).get("loss").getDouble(0), 1e-6 * given);
        }
    }

    @Test
    void refusesWhatIsNoMask() {
        assertThrows(IllegalArgumentException.class, () -> new Dropout("mask", 1));
        assertThrows(IllegalArgumentException.class, () -> new Dropout("mask", -0.1));
        assertThrows(IllegalArgumentException.class, () -> new Dropout("mask", Double.NaN));
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 2, 3);
        sd.placeHolder("n", DataType.INT32, 2, 3);
        x.mul("y", sd.var("w", Nd4j.ones(DataType.FLOAT, 3)));
        Graph plain = Graph.of(sd, List.of("y"), null);
        for (String name : List.of("nothing", "y", "n")) {
            Graph graph = new Graph(sd, plain.parameters(), List.of("y"), null, List.of(new Dropout(name, 0.5)));
            IllegalArgumentException refusal =
                    assertThrows(IllegalArgumentException.class, () -> GraphSignature.of(graph));
            assertTrue(refusal.getMessage().contains("the dropout mask " + name + " is "), refusal.getMessage());
        }
    }
}

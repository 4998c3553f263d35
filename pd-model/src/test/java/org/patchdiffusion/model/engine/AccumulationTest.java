package org.patchdiffusion.model.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.engine.compiled.CompiledEngine;
import org.patchdiffusion.model.precond.EdmPreconditioning;

/** A batch in parts gives the gradient of the whole batch, dropout masks included. */
class AccumulationTest {
    private static final int BATCH = 6;
    private static final int SIDE = 8;

    private final DiffusionModel model = DiffusionModel.create(
            new ModelConfig(
                    UNetConfig.ddpmpp(16, 3)
                            .modelChannels(16)
                            .channelMult(List.of(1, 2))
                            .numBlocks(1)
                            .attnResolutions(List.of(8))
                            .dropout(0.3)
                            .build(),
                    EdmPreconditioning.standard(),
                    16,
                    16),
            new Random(3));

    private static INDArray random(Random random, double from, long... shape) {
        INDArray array = Nd4j.create(DataType.FLOAT, shape);
        for (long i = 0; i < array.length(); i++) {
            array.putScalar(i, from + random.nextDouble());
        }
        return array;
    }

    private static Map<String, INDArray> wholeBatch() {
        Random random = new Random(11);
        Map<String, INDArray> inputs = new HashMap<>();
        inputs.put("y", random(random, -0.5, BATCH, 3, SIDE, SIDE));
        inputs.put("noise", random(random, -0.5, BATCH, 3, SIDE, SIDE));
        inputs.put("pos", random(random, -0.5, BATCH, 2, SIDE, SIDE));
        inputs.put("sigma", random(random, 0.5, BATCH));
        inputs.put("weight", random(random, 0.5, BATCH));
        return inputs;
    }

    /** Some images of the batch; the loss is a mean over them, so their weights take their share of the batch. */
    private static Map<String, INDArray> part(Map<String, INDArray> whole, int from, int to) {
        Map<String, INDArray> part = new HashMap<>();
        whole.forEach((name, array) ->
                part.put(name, array.get(NDArrayIndex.interval(from, to)).dup('c')));
        part.get("weight").muli((double) (to - from) / BATCH);
        return part;
    }

    @ParameterizedTest
    @CsvSource({"samediff, 2e-6", "generic, 2e-6", "exact, 1e-6", "fast, 1e-6"})
    void partsAddUpToTheWholeBatch(String name, double bar) {
        model.parameters()
                .flat()
                .addi(random(new Random(5), -0.5, model.parameters().flat().length())
                        .muli(0.1));
        Map<String, INDArray> whole = wholeBatch();
        try (Engine engine = Engines.byName(name)) {
            Gradients wanted = engine.newGradients(model.parameters().layout());
            Gradients got = engine.newAccumulator(model.parameters().layout());
            double loss;
            try (Program program = engine.compile(model.lossGraph(BATCH, SIDE, SIDE))) {
                program.draw(7, 11);
                loss = program.backward(whole, wanted).get("loss").getDouble(0);
            }
            double sum = 0;
            for (int[] part : new int[][] {{0, 2}, {2, 5}, {5, 6}}) {
                try (Program program = engine.compile(model.lossGraph(part[1] - part[0], SIDE, SIDE))) {
                    program.draw(7, 11, part[0]);
                    sum += program.accumulate(part(whole, part[0], part[1]), got)
                            .get("loss")
                            .getDouble(0);
                }
            }
            assertEquals(loss, sum, 1e-6 * loss);
            INDArray want = wanted.sum().castTo(DataType.DOUBLE);
            double norm = want.norm2Number().doubleValue();
            double error =
                    want.sub(got.sum().castTo(DataType.DOUBLE)).norm2Number().doubleValue();
            assertTrue(norm > 0 && error <= bar * norm, name + ": relative error " + error / norm);
        }
    }

    @Test
    void compiledProgramsNeedRoomForTheSum() {
        try (Engine engine = Engines.byName("exact");
                Program program = engine.compile(model.lossGraph(2 * engine.threads(), SIDE, SIDE))) {
            if (CompiledEngine.isAvailable()) {
                Gradients gradients = engine.newGradients(model.parameters().layout());
                String message = assertThrows(
                                IllegalArgumentException.class, () -> program.accumulate(Map.of(), gradients))
                        .getMessage();
                assertTrue(message.endsWith("or newAccumulator to add to them"), message);
            }
        }
    }
}

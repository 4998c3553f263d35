package org.patchdiffusion.train.step;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.data.Purpose;
import org.patchdiffusion.data.RandomStream;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.Engines;
import org.patchdiffusion.model.engine.compiled.CompiledEngine;
import org.patchdiffusion.train.ScriptedEngine;
import org.patchdiffusion.train.TinyRun;
import org.patchdiffusion.train.checkpoint.TrainingState;
import org.patchdiffusion.train.config.TrainingConfig;

/** Batches that are computed in parts. */
class PartedBatchTest {
    private static final ModelConfig MODEL = TinyRun.modelConfig(
            TinyRun.network().labelDim(4).labelDropout(0.3).augmentDim(9).dropout(0.2));

    /** What is left of one batch. */
    private record Outcome(StepResult step, INDArray gradient) {}

    private static DiffusionModel model() {
        DiffusionModel model = DiffusionModel.create(MODEL, new Random(1));
        float[] noise = new float[(int) model.parameters().flat().length()];
        RandomStream.of(2, Purpose.INIT, 0, 0).fillGaussian(noise);
        // Slopes everywhere: the last layers of a new network are all but zero.
        model.parameters().flat().addi(Nd4j.createFromArray(noise).muli(0.05));
        return model;
    }

    /** The first step of each patch size; Adam's first moment after the first step is a tenth of the gradient. */
    private static List<Outcome> outcomes(String engineName, int batchGpu) {
        TrainingConfig config = TinyRun.config()
                .batch(6)
                .batchGpu(batchGpu)
                .augment(0.5)
                .xflip(true)
                .lrRampupKimg(0)
                .build();
        List<Outcome> outcomes = new ArrayList<>();
        TreeSet<Integer> seen = new TreeSet<>();
        BatchSource source = BatchSource.of(config, MODEL, TinyRun.data(4, 0), 0);
        try (Engine engine = Engines.byName(engineName)) {
            while (seen.size() < 3) {
                TrainingState state = TrainingState.start(model().parameters());
                try (TrainStep step = new TrainStep(config, MODEL, state, engine);
                        TrainBatch batch = source.next()) {
                    if (seen.add(batch.patch().height())) {
                        StepResult result = step.apply(batch);
                        outcomes.add(
                                new Outcome(result, state.firstMoment().flat().castTo(DataType.DOUBLE)));
                    }
                }
            }
        }
        return outcomes;
    }

    @ParameterizedTest
    @ValueSource(ints = {6, 3, 2, 1})
    void partsGiveTheGradientOfTheWholeBatch(int batchGpu) {
        String engine = CompiledEngine.isAvailable() ? "exact" : "generic";
        List<Outcome> whole = outcomes(engine, 0);
        List<Outcome> parts = outcomes(engine, batchGpu);
        for (int i = 0; i < whole.size(); i++) {
            StepResult want = whole.get(i).step();
            StepResult got = parts.get(i).step();
            assertEquals(want.patch(), got.patch());
            assertEquals(6 * 16 / want.patch().height(), got.imagesShown());
            assertEquals(want.images(), got.images());
            assertEquals(want.loss(), got.loss(), 1e-6 * want.loss());
            assertImages(want, got);
            INDArray gradient = whole.get(i).gradient();
            double norm = gradient.norm2Number().doubleValue();
            double error = gradient.sub(parts.get(i).gradient()).norm2Number().doubleValue() / norm;
            assertTrue(norm > 0 && error <= 1e-6, want.patch() + ": relative error " + error);
        }
    }

    /** The same images at the same noise levels, whose mean is the loss of the step. */
    private static void assertImages(StepResult want, StepResult got) {
        assertEquals(want.imagesShown(), want.perImage().size());
        assertEquals(want.imagesShown(), got.perImage().size());
        double sum = 0;
        for (int i = 0; i < want.imagesShown(); i++) {
            ImageLoss image = want.perImage().get(i);
            assertEquals(image.sigma(), got.perImage().get(i).sigma());
            assertEquals(image.lossPerElement(), got.perImage().get(i).lossPerElement(), 1e-5 * image.lossPerElement());
            sum += image.lossPerElement();
        }
        assertEquals(want.lossPerElement(), sum / want.imagesShown(), 1e-5 * want.lossPerElement());
    }

    @Test
    void partsNeedNotBeOfOneSize() {
        TrainingConfig config = TinyRun.config().batch(3).batchGpu(1).build();
        assertEquals(3, config.parts());
        ScriptedEngine engine = new ScriptedEngine(() -> 1);
        TrainingState state = TrainingState.start(TinyRun.model().parameters());
        BatchSource source = BatchSource.of(
                config.toBuilder().batch(4).batchGpu(0).realP(1).build(),
                TinyRun.modelConfig(TinyRun.network()),
                TinyRun.data(),
                0);
        try (TrainStep step = new TrainStep(config, TinyRun.modelConfig(TinyRun.network()), state, engine);
                TrainBatch batch = source.next()) {
            // Four images in three parts: 1, 1 and 2, whose scripted losses add up.
            assertEquals(3, step.apply(batch).loss(), 1e-9);
        }
        assertEquals(2, engine.compiled);
        assertEquals(List.of(0, 1, 2), engine.firstImages);
    }
}

package org.patchdiffusion.train.samediff;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.patchdiffusion.data.PatchDistribution;
import org.patchdiffusion.data.Purpose;
import org.patchdiffusion.data.RandomStream;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.train.TinyRun;
import org.patchdiffusion.train.checkpoint.TrainingState;
import org.patchdiffusion.train.config.TrainingConfig;
import org.patchdiffusion.train.step.BatchSource;
import org.patchdiffusion.train.step.StepResult;
import org.patchdiffusion.train.step.TrainBatch;
import org.patchdiffusion.train.step.TrainStep;

class TrainingIteratorTest {

    private static TrainingConfig config(String patchSizes) {
        return TinyRun.config()
                .lrRampupKimg(0)
                .learningRate(2e-3)
                .patchSizes(PatchDistribution.parse(patchSizes))
                .build();
    }

    /** A network with slopes everywhere: the last layers of a new one are all but zero. */
    private static DiffusionModel model() {
        DiffusionModel model =
                DiffusionModel.create(TinyRun.modelConfig(TinyRun.network().channelMult(List.of(1))), new Random(1));
        float[] noise = new float[(int) model.parameters().flat().length()];
        RandomStream.of(2, Purpose.INIT, 0, 0).fillGaussian(noise);
        model.parameters().flat().addi(Nd4j.createFromArray(noise).muli(0.05));
        return model;
    }

    private static SameDiff fit(TrainingIterator batches, double learningRate, int epochs, LossListener losses) {
        SameDiff sd = batches.lossGraph().sameDiff();
        sd.setTrainingConfig(org.nd4j.autodiff.samediff.TrainingConfig.builder()
                .updater(new Adam(learningRate))
                .dataSetFeatureMapping(batches.features())
                .markLabelsUnused()
                .build());
        sd.fit(batches, epochs, losses);
        return sd;
    }

    @Test
    void theFirstUpdateOfPlainSameDiffIsOurs() {
        TrainingConfig config = config("1/2:1");
        DiffusionModel theirs = model();
        DiffusionModel ours = model();
        LossListener losses = new LossListener();
        SameDiff sd = fit(TrainingIterator.of(config, theirs, TinyRun.data(), 1), 2e-3, 1, losses);

        TrainingState state = TrainingState.start(ours.parameters());
        BatchSource source = BatchSource.of(config, ours.config(), TinyRun.data(), 0);
        try (TrainStep step = new TrainStep(config, ours.config(), state, TinyRun.engine());
                TrainBatch batch = source.next()) {
            StepResult result = step.apply(batch);
            assertEquals(result.loss(), losses.losses().get(0), 1e-4 * result.loss());
        }
        DiffusionModel start = model();
        int compared = 0;
        int all = 0;
        for (SDVariable variable : sd.variables()) {
            if (variable.getVariableType() != VariableType.VARIABLE) {
                continue;
            }
            float[] before = values(start.parameters().view(variable.name()));
            float[] own = values(state.parameters().view(variable.name()));
            float[] fitted = values(variable.getArr());
            float[] slope = values(state.firstMoment().view(variable.name()));
            for (int i = 0; i < own.length; i++, all++) {
                // Their epsilon counts 1/sqrt(1 - beta2) = 32 times ours, which matters where there is hardly a slope.
                if (Math.abs(slope[i]) > 1e-5) {
                    assertEquals(own[i] - before[i], fitted[i] - before[i], 2e-3 * 1e-2, variable.name() + " " + i);
                    compared++;
                }
            }
        }
        assertTrue(compared > all / 2, compared + " of " + all);
    }

    private static float[] values(INDArray array) {
        return array.dup('c').data().asFloat();
    }

    @Test
    void theLossFallsUnderPlainSameDiff() {
        LossListener listener = new LossListener();
        fit(TrainingIterator.of(config("1/4:1"), model(), TinyRun.data(), 2), 5e-3, 3, listener);
        List<Double> losses = listener.losses();
        assertEquals(6, losses.size());
        // Each pass shows the same two batches.
        double first = losses.get(0) + losses.get(1);
        double last = losses.get(4) + losses.get(5);
        assertTrue(last < 0.9 * first, losses.toString());
    }

    @Test
    void theBatchesAreMadeByTheThreadThatTrainsAndOutsideOfAnyWorkspace() {
        TrainingIterator batches = TrainingIterator.of(config("1/4:1"), model(), TinyRun.data(), 2);
        List<Thread> makers = new ArrayList<>();
        batches.setPreProcessor(batch -> {
            makers.add(Thread.currentThread());
            assertTrue(!batch.getFeatures(0).isAttached());
        });
        fit(batches, 5e-3, 2, new LossListener());
        assertEquals(Collections.nCopies(4, Thread.currentThread()), makers);
    }

    @Test
    void everyPassStartsAtTheFirstStep() {
        DiffusionModel model = DiffusionModel.create(
                TinyRun.modelConfig(TinyRun.network().labelDim(4).dropout(0.2)), new Random(1));
        TrainingIterator batches = TrainingIterator.of(config("1:1"), model, TinyRun.data(4, 3), 2);
        assertTrue(batches.features().containsAll(List.of("y", "pos", "sigma", "noise", "weight", "labels")));
        org.nd4j.linalg.dataset.api.MultiDataSet first = batches.next();
        assertEquals(batches.features().size(), first.numFeatureArrays());
        batches.next();
        assertTrue(!batches.hasNext());
        batches.reset();
        assertEquals(first, batches.next());
    }

    @Test
    void severalPatchSizesAreRefused() {
        DiffusionModel model = TinyRun.model();
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> TrainingIterator.of(config("1/2:0.5,1:0.5"), model, TinyRun.data(), 4))
                .getMessage();
        assertEquals(
                "patch sizes are [8x8, 16x16], but a SameDiff graph has one shape; give one patch size, as 1/2:1 or 1:1",
                message);
    }
}

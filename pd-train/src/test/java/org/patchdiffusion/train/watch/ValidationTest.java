package org.patchdiffusion.train.watch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PatchDistribution;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.data.Purpose;
import org.patchdiffusion.data.RandomStream;
import org.patchdiffusion.eval.DenoisingLoss;
import org.patchdiffusion.model.BatchedDenoiser;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.precond.EdmPreconditioning;
import org.patchdiffusion.train.ScriptedEngine;
import org.patchdiffusion.train.StopSignal;
import org.patchdiffusion.train.TinyRun;
import org.patchdiffusion.train.Trainer;
import org.patchdiffusion.train.TrainingListener;
import org.patchdiffusion.train.TrainingResult;
import org.patchdiffusion.train.TrainingRun;
import org.patchdiffusion.train.TrainingTick;
import org.patchdiffusion.train.checkpoint.TrainingProgress;
import org.patchdiffusion.train.checkpoint.TrainingState;

class ValidationTest {
    private final ImageDataset heldOut = TinyRun.data(0, 7);

    /** The statistics of each tick of a run, and the averaged model's loss at the last one, computed apart. */
    private List<Map<String, Stat>> run(Validation validation, double[] apart) throws IOException {
        List<Map<String, Stat>> ticks = new ArrayList<>();
        try (Engine engine = TinyRun.engine()) {
            Trainer.fresh(TinyRun.config().build(), TinyRun.model(), TinyRun.data())
                    .engine(engine)
                    .listener(validation)
                    .listener(new TrainingListener() {
                        @Override
                        public void tick(TrainingTick tick) {
                            ticks.add(validation.take());
                        }

                        @Override
                        public void snapshot(long images, DiffusionModel model) {
                            measure(model, engine, apart);
                        }
                    })
                    .build()
                    .run()
                    .close();
        }
        return ticks;
    }

    private void measure(DiffusionModel model, Engine engine, double[] apart) {
        PatchSize whole = new PatchSize(TinyRun.SIZE, TinyRun.SIZE);
        DenoisingLoss loss = new DenoisingLoss(heldOut, 3, whole, false, 5);
        try (INDArray positions = loss.positions();
                BatchedDenoiser denoiser = model.denoiser(engine, 8, positions)) {
            // The median of the log-normal noise levels.
            double[] losses = loss.of(denoiser, EdmPreconditioning.standard().draw(0), 2);
            System.arraycopy(losses, 0, apart, 0, 3);
        }
    }

    @Test
    void eachTickHasTheLossOfTheAveragedModelByNoiseLevelAndPatchSize() throws IOException {
        double[] apart = new double[3];
        List<Map<String, Stat>> ticks;
        try (Engine engine = TinyRun.engine();
                Validation validation = new Validation(heldOut, engine, 3, 1)) {
            ticks = run(validation, apart);
        }
        assertEquals(2, ticks.size());
        assertEquals(
                Set.of(
                        "Validation/loss",
                        "Validation/sigma/0.0647",
                        "Validation/sigma/0.161",
                        "Validation/sigma/0.301",
                        "Validation/sigma/0.565",
                        "Validation/sigma/1.4",
                        "Validation/patch/8",
                        "Validation/patch/4"),
                ticks.get(1).keySet());
        Stat middle = ticks.get(1).get("Validation/sigma/0.301");
        Stat expected = Stat.of(apart);
        assertEquals(3, middle.num());
        assertEquals(expected.mean(), middle.mean(), 1e-9);
        assertEquals(expected.std(), middle.std(), 1e-9);
        Stat all = ticks.get(1).get("Validation/loss");
        assertEquals(15, all.num());
        double mean = 0;
        for (Map.Entry<String, Stat> entry : ticks.get(1).entrySet()) {
            mean += entry.getKey().startsWith("Validation/sigma/")
                    ? entry.getValue().mean() / 5
                    : 0;
        }
        assertEquals(mean, all.mean(), 1e-9);
        assertTrue(ticks.get(0).get("Validation/loss").mean() != all.mean(), "the model has learned something");
    }

    private static float[] trained(Validation validation) throws IOException {
        try (Engine engine = TinyRun.engine()) {
            Trainer.Builder builder = Trainer.fresh(TinyRun.config().realP(1).build(), TinyRun.model(), TinyRun.data())
                    .engine(engine);
            if (validation != null) {
                builder.listener(validation);
            }
            try (TrainingResult result = builder.build().run()) {
                return result.state().parameters().flat().toFloatVector();
            }
        }
    }

    @Test
    void whetherItIsMeasuredChangesNothingThatIsLearned() throws IOException {
        float[] without = trained(null);
        try (Validation validation = new Validation(heldOut, new ScriptedEngine(() -> 0), 3, 1)) {
            assertArrayEquals(without, trained(validation));
            assertEquals(6, validation.take().size());
        }
    }

    @Test
    void aDenoiserThatLeavesTheNoiseInLosesTheSameAtEveryNthTick() throws IOException {
        List<Map<String, Stat>> ticks = new ArrayList<>();
        ScriptedEngine engine = new ScriptedEngine(() -> 1);
        try (Validation validation = new Validation(heldOut, engine, 9, 2)) {
            // Eight ticks of three images or more.
            Trainer.fresh(TinyRun.config().tickKimg(0.001).build(), TinyRun.model(), TinyRun.data())
                    .engine(engine)
                    .listener(validation)
                    .listener(new TrainingListener() {
                        @Override
                        public void tick(TrainingTick tick) {
                            ticks.add(validation.take());
                        }
                    })
                    .build()
                    .run()
                    .close();
        }
        assertEquals(6, ticks.size());
        for (int i = 0; i < 6; i++) {
            assertEquals(i % 2 == 0, ticks.get(i).isEmpty());
        }
        assertEquals(ticks.get(1), ticks.get(5));
        double sigma = Math.exp(-1.2);
        float[] noise = new float[3 * TinyRun.SIZE * TinyRun.SIZE];
        double sum = 0;
        for (int i = 0; i < 9; i++) {
            RandomStream.of(5, Purpose.VALIDATION, 2, i).fillGaussian(noise);
            for (float value : noise) {
                sum += value * value / (9.0 * noise.length);
            }
        }
        double weight = (sigma * sigma + 0.25) / (sigma * sigma * 0.25);
        assertEquals(
                weight * sigma * sigma * sum,
                ticks.get(1).get("Validation/sigma/0.301").mean(),
                1e-5);
        assertEquals(engine.compiled, engine.closed, "every program is freed");
    }

    /** At which ticks of a run that shows three images or more a tick there are numbers. */
    private List<Boolean> measured(int everyTicks, boolean stop) throws IOException {
        List<Boolean> measured = new ArrayList<>();
        ScriptedEngine engine = new ScriptedEngine(() -> 1);
        try (Validation validation = new Validation(heldOut, engine, 1, everyTicks)) {
            Trainer[] trainer = new Trainer[1];
            trainer[0] = Trainer.fresh(TinyRun.config().tickKimg(0.001).build(), TinyRun.model(), TinyRun.data())
                    .engine(engine)
                    .listener(validation)
                    .listener(new TrainingListener() {
                        @Override
                        public void tick(TrainingTick tick) {
                            measured.add(!validation.take().isEmpty());
                            if (stop && measured.size() == 2) {
                                trainer[0].stop();
                            }
                        }
                    })
                    .build();
            trainer[0].run().close();
        }
        return measured;
    }

    @Test
    void theLastTickIsMeasuredUnlessSomebodyWaits() throws IOException {
        assertEquals(List.of(false, false, false, false, false, true), measured(100, false));
        List<Boolean> stopped = measured(100, true);
        assertEquals(List.of(false, false), stopped.subList(0, 2));
        assertFalse(stopped.contains(true), stopped.toString());
    }

    @Test
    void aRunThatGoesOnIsMeasuredAtTheSameTicks() {
        List<Integer> ticks = new ArrayList<>();
        ScriptedEngine engine = new ScriptedEngine(() -> 1);
        TrainingProgress start = new TrainingProgress(4, 12, 4, 1);
        try (Validation validation = new Validation(heldOut, engine, 1, 3)) {
            validation.started(runFrom(start));
            TrainingState state = TrainingState.start(TinyRun.model().parameters());
            for (int tick = 5; tick <= 9; tick++) {
                validation.evaluate(TinyRun.model(), state);
                if (!validation.take().isEmpty()) {
                    ticks.add(tick);
                }
            }
        }
        assertEquals(List.of(6, 9), ticks);
    }

    private static TrainingRun runFrom(TrainingProgress start) {
        return new TrainingRun(
                TinyRun.config().build(),
                TinyRun.modelConfig(TinyRun.network()),
                1,
                PatchDistribution.parse("1:1"),
                "tiny",
                16,
                "fingerprint 0",
                "scripted",
                start,
                StopSignal.NONE);
    }

    @Test
    void numbersOutOfRangeAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Validation(heldOut, null, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new Validation(heldOut, null, 1, 0));
    }
}

package org.patchdiffusion.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.patchdiffusion.data.Crop;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.PatchIterator;
import org.patchdiffusion.data.PatchSizes;
import org.patchdiffusion.data.PixelType;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.train.checkpoint.Checkpoint;
import org.patchdiffusion.train.checkpoint.TrainingState;
import org.patchdiffusion.train.config.TrainingConfig;
import org.patchdiffusion.train.step.BatchSource;
import org.patchdiffusion.train.step.StepResult;

class TrainerTest {

    /** Writes down what it hears. */
    private static class Recorder implements TrainingListener {
        final List<String> heard = new ArrayList<>();
        final List<StepResult> steps = new ArrayList<>();
        final List<TrainingTick> ticks = new ArrayList<>();

        @Override
        public void started(TrainingRun run) {
            heard.add("started at " + run.startImages() + " with " + run.engine());
        }

        @Override
        public void stepDone(StepResult step) throws IOException {
            steps.add(step);
        }

        @Override
        public void stopping(StopReason reason) {
            heard.add("stopping " + reason);
        }

        @Override
        public void evaluate(DiffusionModel averaged, TrainingState state) {
            heard.add("evaluate at " + state.images());
        }

        @Override
        public void tick(TrainingTick tick) {
            ticks.add(tick);
            heard.add("tick " + tick.tick() + " at " + tick.kimg());
        }

        @Override
        public void snapshot(long images, DiffusionModel model) {
            heard.add("snapshot at " + images);
        }

        @Override
        public void checkpoint(Checkpoint checkpoint) {
            heard.add("checkpoint at " + checkpoint.state().images());
        }

        @Override
        public void warning(String message) {
            heard.add("warning: " + message);
        }

        @Override
        public void finished(StopReason reason) {
            heard.add("finished " + reason);
        }

        @Override
        public void failed(Exception cause) {
            heard.add("failed " + cause.getMessage());
        }
    }

    private final Recorder recorder = new Recorder();

    private static StopReason reasonOf(Trainer trainer) throws IOException {
        try (TrainingResult result = trainer.run()) {
            return result.reason();
        }
    }

    private static ScriptedEngine losses(double... values) {
        Iterator<Double> script = DoubleStream.of(values).iterator();
        return new ScriptedEngine(() -> script.hasNext() ? script.next() : 1);
    }

    private Trainer.Builder trainer(TrainingConfig.Builder config, ScriptedEngine engine) {
        return Trainer.fresh(config.build(), TinyRun.model(), TinyRun.data())
                .engine(engine)
                .listener(recorder);
    }

    @Test
    void eventsComeAtTheirIntervalsAndAtTheEnd() throws IOException {
        ScriptedEngine engine = losses();
        TrainingConfig.Builder config =
                TinyRun.config().tickKimg(0.009).snapshotKimg(0.012).checkpointKimg(0.015);
        assertEquals(StopReason.DURATION, reasonOf(trainer(config, engine).build()));
        assertEquals(
                List.of(
                        "started at 0 with scripted",
                        "evaluate at 9",
                        "tick 0 at 0.009",
                        "snapshot at 12",
                        "checkpoint at 15",
                        "stopping DURATION",
                        "checkpoint at 18",
                        "evaluate at 18",
                        "tick 1 at 0.018",
                        "snapshot at 18",
                        "finished DURATION"),
                recorder.heard);
        assertEquals(6, recorder.steps.size());
        assertEquals(List.of(0L, 1L, 2L, 3L, 4L, 5L), engine.drawn, "each step draws its own masks");
        assertEquals(engine.compiled, engine.closed);
        assertFalse(engine.isClosed, "the caller's engine is the caller's to close");
    }

    @Test
    void aSlowRunIsSavedByTheClock() throws IOException {
        AtomicLong nanos = new AtomicLong();
        trainer(TinyRun.config().tickKimg(1).checkpointMinutes(10), losses())
                .clock(nanos::get)
                .listener(new TrainingListener() {
                    @Override
                    public void stepDone(StepResult step) {
                        nanos.addAndGet(Duration.ofMinutes(4).toNanos());
                    }
                })
                .build()
                .run();
        List<String> saved =
                recorder.heard.stream().filter(s -> s.startsWith("checkpoint")).toList();
        assertEquals(List.of("checkpoint at 9", "checkpoint at 18"), saved);
    }

    @Test
    void stepsReportTheScheduleAndTheLossOfAnElement() throws IOException {
        trainer(TinyRun.config(), losses(768)).build().run().close();
        StepResult first = recorder.steps.get(0);
        assertEquals(0, first.step());
        assertEquals(3, first.images());
        assertEquals(0, first.learningRate());
        assertEquals(768.0 / (3 * first.patch().height() * first.patch().width()), first.lossPerElement(), 1e-12);
        assertEquals(0.5e-3, recorder.steps.get(1).learningRate(), 1e-15);
        assertEquals(1e-3, recorder.steps.get(5).learningRate(), 1e-15);
    }

    @Test
    void ticksAverageFiniteLossesForEachPatchSize() throws IOException {
        // Whole images only: batches of 2, nine steps, the second of them without a finite loss.
        double[] losses = {768, Double.NaN, 2 * 768, 3 * 768, 768, 768, 768, 768, 768};
        trainer(TinyRun.config().tickKimg(1).realP(1), losses(losses))
                .build()
                .run()
                .close();
        TrainingTick tick = recorder.ticks.get(0);
        assertEquals(9, recorder.steps.size());
        assertEquals(11 / 8.0, tick.loss(), 1e-12);
        assertEquals(tick.loss(), tick.lossByPatch().get(16), 1e-12);
        assertTrue(tick.secPerKimg() > 0 && tick.imagesPerSec() > 0 && tick.residentMb() > 0);
    }

    @Test
    void anExhaustedBudgetStopsAndStillSaves() throws IOException {
        Trainer trainer =
                trainer(TinyRun.config(), losses()).budget(Duration.ZERO).build();
        assertEquals(StopReason.BUDGET, reasonOf(trainer));
        assertEquals(
                List.of(
                        "started at 0 with scripted",
                        "stopping BUDGET",
                        "checkpoint at 0",
                        "snapshot at 0",
                        "finished BUDGET"),
                recorder.heard);
    }

    @Test
    void aRequestStopsAfterTheStep() throws IOException {
        Trainer[] trainer = new Trainer[1];
        trainer[0] = trainer(TinyRun.config(), losses())
                .listener(new TrainingListener() {
                    @Override
                    public void stepDone(StepResult step) {
                        if (step.step() == 1) {
                            trainer[0].stop();
                        }
                    }
                })
                .build();
        try (TrainingResult result = trainer[0].run()) {
            assertEquals(StopReason.REQUEST, result.reason());
            assertEquals(2, result.state().steps());
        }
        assertTrue(recorder.heard.contains("checkpoint at 6"), recorder.heard.toString());
    }

    @Test
    void anInterruptIsARequestAndIsKeptForTheCaller() throws IOException {
        Thread.currentThread().interrupt();
        StopReason reason = reasonOf(trainer(TinyRun.config(), losses()).build());
        assertTrue(Thread.interrupted());
        assertEquals(StopReason.REQUEST, reason);
        assertTrue(recorder.heard.contains("checkpoint at 0"), recorder.heard.toString());
    }

    @Test
    void aLossThatIsNotFiniteIsReportedOnceAndTrainingGoesOn() throws IOException {
        trainer(TinyRun.config().realP(1), losses(1, Double.NaN, 1, Double.POSITIVE_INFINITY))
                .build()
                .run();
        List<String> warnings =
                recorder.heard.stream().filter(s -> s.startsWith("warning")).toList();
        assertEquals(
                List.of(
                        "warning: the loss of step 1 (patches of 16x16) is NaN; its gradient counts with 0 or ±1e5 where it is"
                                + " not finite, and training goes on"),
                warnings);
    }

    @Test
    void tooManyLossesInARowThatAreNotFiniteEndTheRunWithoutACheckpoint() {
        double nan = Double.NaN;
        Trainer trainer = trainer(TinyRun.config().realP(1).nonFiniteLimit(3), losses(nan, nan, 1, nan, nan, nan))
                .build();
        String message = assertThrows(IllegalStateException.class, trainer::run).getMessage();
        assertEquals(
                "the loss of step 5 (patches of 16x16) is NaN, and no loss was finite for 3 steps in a row; lower the"
                        + " learning rate and start again; there is no checkpoint from before",
                message);
        assertEquals("failed " + message, recorder.heard.get(recorder.heard.size() - 1));
        assertFalse(recorder.heard.stream().anyMatch(s -> s.startsWith("checkpoint")));
    }

    @Test
    void anExceptionOfAListenerEndsTheRunAndFreesEverything() {
        ScriptedEngine engine = losses();
        IOException full = new IOException("disk full");
        Trainer trainer = trainer(TinyRun.config(), engine)
                .listener(new TrainingListener() {
                    @Override
                    public void stepDone(StepResult step) throws IOException {
                        throw full;
                    }
                })
                .build();
        assertSame(full, assertThrows(IOException.class, trainer::run));
        assertTrue(engine.compiled > 0);
        assertEquals(engine.compiled, engine.closed);
    }

    @Test
    void anExceptionWhileABatchIsMadeIsThrownOn() {
        ImageDataset data = TinyRun.dataFailingAt(3);
        Trainer trainer = Trainer.fresh(TinyRun.config().build(), TinyRun.model(), data)
                .engine(losses())
                .build();
        assertEquals(
                "image 3 is gone",
                assertThrows(IllegalStateException.class, trainer::run).getMessage());
    }

    @Test
    void aFailureWhileABatchThatNobodyNeedsIsMadeDoesNotFailTheRun() throws IOException {
        TrainingConfig config = TinyRun.config().durationKimg(0.001).build();
        PatchSizes sizes = BatchSource.patchSizes(config, TinyRun.model().config(), PixelType.UINT8);
        PatchIterator shown = PatchIterator.builder(TinyRun.data(), sizes)
                .batch(config.batch())
                .seed(config.seed())
                .build();
        List<Integer> first =
                shown.nextBatch().crops().stream().map(Crop::image).toList();
        int second = shown.nextBatch().crops().get(0).image();
        assertFalse(first.contains(second));
        Trainer trainer = Trainer.fresh(config, TinyRun.model(), TinyRun.dataFailingAt(second))
                .engine(losses())
                .listener(recorder)
                .build();
        assertEquals(StopReason.DURATION, reasonOf(trainer));
        assertEquals(1, recorder.steps.size());
    }

    @Test
    void misfitsOfModelAndDataAreRefusedBeforeTraining() {
        TrainingConfig config = TinyRun.config().build();
        DiffusionModel conditional =
                DiffusionModel.create(TinyRun.modelConfig(TinyRun.network().labelDim(7)), new java.util.Random(0));
        Trainer.Builder builder = Trainer.fresh(config, conditional, TinyRun.data(4, 0));
        assertEquals(
                "the data set tiny has 4 classes, but the model is for 7",
                assertThrows(IllegalArgumentException.class, builder::build).getMessage());
        Trainer.Builder untold =
                Trainer.fresh(config.toBuilder().augment(0.1).build(), TinyRun.model(), TinyRun.data());
        assertEquals(
                "augmentation gives 9 labels, but the model takes 0; train a model of augmentDim 9, or without"
                        + " augmentation",
                assertThrows(IllegalArgumentException.class, untold::build).getMessage());
    }
}

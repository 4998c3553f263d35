package org.patchdiffusion.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.engine.MemoryShortageException;
import org.patchdiffusion.train.checkpoint.Checkpoint;
import org.patchdiffusion.train.config.TrainingConfig;
import org.patchdiffusion.train.step.StepResult;

/** However a run ends, what it learned is saved first. Steps show two images each, which count as three. */
class TrainerSafetyTest {
    private final List<String> heard = new ArrayList<>();

    /** Writes down what matters here. */
    private final TrainingListener recorder = new TrainingListener() {
        @Override
        public void stopping(StopReason reason) {
            heard.add("stopping " + reason);
        }

        @Override
        public void checkpoint(Checkpoint checkpoint) {
            heard.add("checkpoint " + checkpoint.state().steps());
        }

        @Override
        public void snapshot(long images, DiffusionModel model) {
            heard.add("snapshot " + images);
        }

        @Override
        public void finished(StopReason reason) {
            heard.add("finished");
        }

        @Override
        public void failed(Exception cause) {
            heard.add("failed: " + cause.getMessage());
        }
    };

    private static ScriptedEngine losses(double... values) {
        Iterator<Double> script = DoubleStream.of(values).iterator();
        return new ScriptedEngine(() -> script.hasNext() ? script.next() : 1);
    }

    private static ScriptedEngine failingAtStep(int step, RuntimeException failure) {
        int[] next = {0};
        return new ScriptedEngine(() -> {
            if (next[0]++ == step) {
                throw failure;
            }
            return 1;
        });
    }

    private Trainer.Builder trainer(TrainingConfig.Builder config, ScriptedEngine engine) {
        return Trainer.fresh(config.build(), TinyRun.model(), TinyRun.data()).engine(engine);
    }

    @Test
    void aFailureOfTheStepSavesTheStateBeforeIt() {
        IllegalStateException failure = new IllegalStateException("a replica failed");
        Trainer trainer = trainer(TinyRun.config(), failingAtStep(4, failure))
                .listener(recorder)
                .build();
        assertSame(failure, assertThrows(IllegalStateException.class, trainer::run));
        assertEquals(List.of("checkpoint 4", "failed: a replica failed"), heard);
    }

    @Test
    void aFailureBeforeTheFirstStepSavesNothing() {
        Trainer trainer = trainer(TinyRun.config(), failingAtStep(0, new IllegalStateException("no")))
                .listener(recorder)
                .build();
        assertThrows(IllegalStateException.class, trainer::run);
        assertEquals(List.of("failed: no"), heard);
    }

    @Test
    void aFailureWhileSamplesAreDrawnCostsNoCheckpoint() {
        IOException failure = new IOException("disk full");
        Trainer trainer = trainer(TinyRun.config().snapshotKimg(0.009), losses())
                .listener(new TrainingListener() {
                    @Override
                    public void snapshot(long images, DiffusionModel model) throws IOException {
                        throw failure;
                    }
                })
                .listener(recorder)
                .build();
        assertSame(failure, assertThrows(IOException.class, trainer::run));
        assertEquals(List.of("snapshot 9", "checkpoint 3", "failed: disk full"), heard);
    }

    @Test
    void memoryThatIsNotEnoughIsSaidAndCostsNoCheckpoint() {
        Trainer trainer = trainer(TinyRun.config().snapshotKimg(0.009), losses())
                .listener(new TrainingListener() {
                    @Override
                    public void snapshot(long images, DiffusionModel model) {
                        throw new OutOfMemoryError("Cannot allocate new FloatPointer(3218211344)");
                    }
                })
                .listener(recorder)
                .build();
        TrainingMemoryException failure = assertThrows(TrainingMemoryException.class, trainer::run);
        String sentence = failure.getMessage();
        assertTrue(
                sentence.contains("(Cannot allocate new FloatPointer(3218211344)); take half as much with --batch-gpu 1"
                        + " (the same training in parts), or --batch 1, end other programs"),
                sentence);
        assertInstanceOf(OutOfMemoryError.class, failure.getCause());
        assertEquals(List.of("snapshot 9", "checkpoint 3", "failed: " + sentence), heard);
    }

    @Test
    void aRefusedRunMakesNoListeners() {
        ScriptedEngine engine = losses();
        engine.refusal = new MemoryShortageException(12_000_000_000L, 6_000_000_000L);
        List<String> opened = new ArrayList<>();
        Trainer trainer = trainer(TinyRun.config(), engine)
                .listener(recorder)
                .lateListeners(() -> {
                    opened.add("a folder");
                    return List.of();
                })
                .build();
        String sentence =
                assertThrows(TrainingMemoryException.class, trainer::run).getMessage();
        // Nothing fits an engine that refuses everything.
        assertTrue(sentence.endsWith("even one image at a time is too much, so choose a smaller network"), sentence);
        assertEquals(List.of(), opened);
        assertEquals(List.of("failed: " + sentence), heard);
    }

    @Test
    void lateListenersJoinBeforeTheFirstStep() throws IOException {
        List<Integer> compiled = new ArrayList<>();
        ScriptedEngine engine = losses();
        trainer(TinyRun.config(), engine)
                .lateListeners(() -> {
                    compiled.add(engine.compiled);
                    return List.of(recorder);
                })
                .build()
                .run()
                .close();
        assertEquals(List.of(3), compiled, "the programs of three patch sizes are there, and it is asked once");
        assertEquals(List.of("stopping DURATION", "checkpoint 6", "snapshot 18", "finished"), heard);
    }

    @Test
    void aSecondFailureHidesNothingAndAllListenersHearTheFirst() {
        IOException cause = new IOException("disk full");
        IOException second = new IOException("no log either");
        IllegalStateException third = new IllegalStateException("nor a bar");
        Trainer trainer = trainer(TinyRun.config(), losses())
                .listener(new TrainingListener() {
                    @Override
                    public void stepDone(StepResult step) throws IOException {
                        throw cause;
                    }

                    @Override
                    public void checkpoint(Checkpoint checkpoint) throws IOException {
                        throw second;
                    }

                    @Override
                    public void failed(Exception failure) {
                        throw third;
                    }
                })
                .listener(recorder)
                .build();
        assertSame(cause, assertThrows(IOException.class, trainer::run));
        assertEquals(List.of(second, third), List.of(cause.getSuppressed()));
        assertEquals(List.of("checkpoint 1", "failed: disk full"), heard);
    }

    @Test
    void aCheckpointThatIsDueWaitsUntilLossesAreFinite() throws IOException {
        double nan = Double.NaN;
        trainer(TinyRun.config().realP(1).durationKimg(0.018).checkpointKimg(0.004), losses(1, nan, nan, 1, 1))
                .listener(recorder)
                .build()
                .run()
                .close();
        // Nine steps that count two images each: due after steps 2, 4, 6 and 8, the first of them in the streak.
        assertEquals(
                List.of(
                        "checkpoint 4",
                        "checkpoint 6",
                        "checkpoint 8",
                        "stopping DURATION",
                        "checkpoint 9",
                        "snapshot 18",
                        "finished"),
                heard);
    }

    @Test
    void aRunThatEndsWithLossesThatAreNotFiniteFailsWithAdvice() {
        double nan = Double.NaN;
        Trainer trainer = trainer(
                        TinyRun.config().realP(1).durationKimg(0.010).checkpointKimg(0.004), losses(1, 1, 1, nan, nan))
                .listener(recorder)
                .build();
        String message = assertThrows(IllegalStateException.class, trainer::run).getMessage();
        assertEquals(
                "the loss of step 4 (patches of 16x16) is NaN, and no loss was finite for 2 steps in a row; lower the"
                        + " learning rate, or resume from the checkpoint of 4 images (step 2), the last one before",
                message);
        assertEquals(List.of("checkpoint 2", "stopping DURATION", "failed: " + message), heard);
    }

    @Test
    void whoDrawsIsToldThatTrainingIsToStop() throws IOException {
        List<Boolean> stopping = new ArrayList<>();
        Trainer[] trainer = new Trainer[1];
        trainer[0] = trainer(TinyRun.config().snapshotKimg(0.006), losses())
                .listener(recorder)
                .listener(new TrainingListener() {
                    private StopSignal signal;

                    @Override
                    public void started(TrainingRun run) {
                        signal = run.stopping();
                    }

                    @Override
                    public void snapshot(long images, DiffusionModel model) {
                        stopping.add(signal.isStopping());
                        trainer[0].stop();
                        stopping.add(signal.isStopping());
                    }
                })
                .build();
        try (TrainingResult result = trainer[0].run()) {
            assertEquals(StopReason.REQUEST, result.reason());
        }
        // The last one, of the same step, would show what the first one shows.
        assertEquals(List.of("snapshot 6", "stopping REQUEST", "checkpoint 2", "finished"), heard);
        assertEquals(List.of(false, true), stopping);
    }

    @Test
    void theLastSamplesAreDrawnAfterTheCheckpointUnlessSomebodyAsksAgain() throws IOException {
        List<Boolean> stopping = new ArrayList<>();
        Trainer[] trainer = new Trainer[1];
        trainer[0] = trainer(TinyRun.config(), losses())
                .listener(recorder)
                .listener(new TrainingListener() {
                    private StopSignal signal;

                    @Override
                    public void started(TrainingRun run) {
                        signal = run.stopping();
                    }

                    @Override
                    public void stepDone(StepResult step) {
                        trainer[0].stop();
                    }

                    @Override
                    public void snapshot(long images, DiffusionModel model) {
                        stopping.add(signal.isStopping());
                        trainer[0].stop();
                        stopping.add(signal.isStopping());
                    }
                })
                .build();
        trainer[0].run().close();
        assertEquals(List.of("stopping REQUEST", "checkpoint 1", "snapshot 3", "finished"), heard);
        assertEquals(List.of(false, true), stopping);
    }

    @Test
    void aTrainerRunsOnce() throws IOException {
        Trainer trainer = trainer(TinyRun.config(), losses()).build();
        trainer.run().close();
        assertEquals(
                "a trainer runs once; build another one to train on",
                assertThrows(IllegalStateException.class, trainer::run).getMessage());
    }

    @Test
    void theResultLeadsWithTheAveragedModelWhichIsTheOneThatWasGiven() throws IOException {
        DiffusionModel model = TinyRun.model();
        float before = model.parameters().flat().getFloat(0);
        TrainingResult result = Trainer.fresh(TinyRun.config().lrRampupKimg(0).build(), model, TinyRun.data())
                .engine(losses())
                .build()
                .run();
        float averaged = result.model().parameters().flat().getFloat(0);
        float raw = result.rawModel().parameters().flat().getFloat(0);
        // The gradient is 1 everywhere: Adam takes steps of the learning rate, and the average lags behind.
        assertEquals(before - 6 * 1e-3, raw, 1e-6);
        assertTrue(averaged > raw + 1e-5 && averaged < before - 1e-5, before + " " + averaged + " " + raw);
        assertEquals(averaged, model.parameters().flat().getFloat(0));
        result.close();
        result.close();
        assertFalse(model.parameters().flat().wasClosed());
        assertEquals(averaged, result.model().parameters().flat().getFloat(0));
        assertEquals(6, result.progress().steps());
        assertThrows(IllegalStateException.class, result::rawModel);
    }
}

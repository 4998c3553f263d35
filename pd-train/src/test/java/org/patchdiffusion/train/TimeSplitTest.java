package org.patchdiffusion.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.train.checkpoint.Checkpoint;
import org.patchdiffusion.train.checkpoint.TrainingState;
import org.patchdiffusion.train.config.TrainingConfig;
import org.patchdiffusion.train.step.StepResult;

/** Where the time of a run goes, by a clock that only the test moves. */
class TimeSplitTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private long now;
    private final List<TrainingTick> ticks = new ArrayList<>();

    /** A step takes 2 s, a checkpoint 3, a measurement 5, a snapshot 100, a tick 7. */
    private final TrainingListener slow = new TrainingListener() {
        @Override
        public void checkpoint(Checkpoint checkpoint) {
            now += 3 * SECOND;
        }

        @Override
        public void evaluate(DiffusionModel averaged, TrainingState state) {
            now += 5 * SECOND;
        }

        @Override
        public void tick(TrainingTick tick) {
            ticks.add(tick);
            now += 7 * SECOND;
        }

        @Override
        public void snapshot(long images, DiffusionModel model) {
            now += 100 * SECOND;
        }
    };

    private ScriptedEngine engine() {
        return new ScriptedEngine(() -> {
            now += 2 * SECOND;
            return 1;
        });
    }

    private Trainer.Builder trainer(TrainingConfig config) {
        return Trainer.fresh(config, TinyRun.model(), TinyRun.data())
                .engine(engine())
                .clock(() -> now)
                .listener(slow);
    }

    @Test
    void aTickSplitsItsTime() throws IOException {
        // Steps of two images, a tick after five of them and at the end, a snapshot after the fifth.
        trainer(TinyRun.config().realP(1).tickKimg(0.01).snapshotKimg(0.01).build())
                .build()
                .run()
                .close();
        TrainingTick first = ticks.get(0);
        assertEquals(10, first.split().get(Phase.STEP), 1e-9);
        assertEquals(5, first.split().get(Phase.VALIDATION), 1e-9);
        for (Phase none : List.of(Phase.DATA, Phase.OPTIMIZER, Phase.CHECKPOINT, Phase.SAMPLES, Phase.REPORT)) {
            assertEquals(0, first.split().get(none), 1e-9, none.name());
        }
        assertEquals(10, first.trainingSec(), 1e-9);
        assertEquals(1000, first.secPerKimg(), 1e-6);
        assertEquals(1, first.imagesPerSec(), 1e-9);
        assertEquals(15, first.elapsedSec(), 1e-9);
        TrainingTick second = ticks.get(1);
        assertEquals(1, second.tick());
        assertEquals(8, second.split().get(Phase.STEP), 1e-9);
        assertEquals(7, second.split().get(Phase.REPORT), 1e-9);
        assertEquals(100, second.split().get(Phase.SAMPLES), 1e-9);
        assertEquals(3, second.split().get(Phase.CHECKPOINT), 1e-9);
        assertEquals(5, second.split().get(Phase.VALIDATION), 1e-9);
        assertEquals(1, second.imagesPerSec(), 1e-9);
        assertEquals(15 + 123, second.elapsedSec(), 1e-9);
    }

    @Test
    void speedIsToldForEachPatchSize() throws IOException {
        List<StepResult> steps = new ArrayList<>();
        trainer(TinyRun.config().tickKimg(1).build())
                .listener(new TrainingListener() {
                    @Override
                    public void stepDone(StepResult step) {
                        steps.add(step);
                    }
                })
                .build()
                .run()
                .close();
        TrainingTick tick = ticks.get(0);
        assertTrue(tick.imagesPerSecByPatch().size() > 1, tick.toString());
        for (int size : tick.imagesPerSecByPatch().keySet()) {
            // Steps of all sizes take as long here, and show 16 / size times the images.
            assertEquals(16.0 / size, tick.imagesPerSecByPatch().get(size), 1e-9);
        }
        double shown = steps.stream().mapToInt(StepResult::imagesShown).sum();
        assertEquals(shown / 12, tick.imagesPerSec(), 1e-9);
        assertEquals(0, tick.nonFiniteSteps());
    }

    @Test
    void onlyTrainingCountsForTheBudget() throws IOException {
        Trainer trainer = trainer(TinyRun.config()
                        .realP(1)
                        .durationKimg(1)
                        .tickKimg(0.002)
                        .snapshotKimg(0.002)
                        .build())
                .budget(Duration.ofSeconds(9))
                .build();
        try (TrainingResult result = trainer.run()) {
            assertEquals(StopReason.BUDGET, result.reason());
            assertEquals(5, result.progress().steps());
        }
    }

    @Test
    void ticksAndTimeGoOnAfterAResume() throws IOException {
        TrainingConfig whole = TinyRun.config().realP(1).tickKimg(0.006).build();
        trainer(whole).build().run().close();
        List<TrainingTick> uninterrupted = List.copyOf(ticks);
        ticks.clear();
        now = 0;

        TrainingConfig half = whole.toBuilder().durationKimg(0.012).build();
        TrainingState[] kept = new TrainingState[1];
        trainer(half)
                .listener(new TrainingListener() {
                    @Override
                    public void checkpoint(Checkpoint checkpoint) {
                        TrainingState state = checkpoint.state();
                        kept[0] = new TrainingState(
                                state.parameters().copy(),
                                state.ema().copy(),
                                state.firstMoment().copy(),
                                state.secondMoment().copy(),
                                state.progress());
                    }
                })
                .build()
                .run()
                .close();
        assertEquals(List.of(0, 1), ticks.stream().map(TrainingTick::tick).toList());
        assertEquals(2, kept[0].progress().ticks());
        double saved = kept[0].progress().elapsedSec();
        // Six steps, the first tick with its measurement, and nothing of what comes after the checkpoint.
        assertEquals(6 * 2 + 5 + 7, saved, 1e-9);
        now = 1_000_000 * SECOND;
        Checkpoint checkpoint =
                new Checkpoint(half, TinyRun.model().config(), TinyRun.data().fingerprint(), kept[0]);
        Trainer.resume(whole, checkpoint, TinyRun.data())
                .engine(engine())
                .clock(() -> now)
                .listener(slow)
                .build()
                .run()
                .close();
        assertEquals(List.of(0, 1, 2), ticks.stream().map(TrainingTick::tick).toList());
        assertEquals(3, uninterrupted.size());
        for (int i = 0; i < 3; i++) {
            assertEquals(uninterrupted.get(i).kimg(), ticks.get(i).kimg());
            assertEquals(uninterrupted.get(i).steps(), ticks.get(i).steps());
            assertEquals(uninterrupted.get(i).imagesPerSec(), ticks.get(i).imagesPerSec(), 1e-9);
        }
        assertEquals(saved + 3 * 2 + 3 + 5, ticks.get(2).elapsedSec(), 1e-6);
    }
}

package org.patchdiffusion.train;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.bytedeco.javacpp.Pointer;

/** Gathers steps into the statistics of a tick. */
final class TickMeter {
    private static final long MEBI = 1 << 20;
    private static final double KILO = 1000;
    private static final double SECONDS = 1e-9;

    /** What the steps of one patch size add up to. */
    private static final class Sums {
        double loss;
        long finite;
        long shown;
        long nanos;

        double meanLoss() {
            return loss / finite;
        }

        double imagesPerSec() {
            return shown / (nanos * SECONDS);
        }
    }

    private final PhaseClock clock;
    private final double elapsedBefore;
    private final Map<Integer, Sums> byPatch = new TreeMap<>();
    private int ticks;
    private long imagesAtStart;
    private long trainedAtStep;
    private long nonFinite;
    private StepResult last;

    /** Starts where training is. */
    TickMeter(PhaseClock clock, TrainingProgress start) {
        this.clock = clock;
        this.elapsedBefore = start.elapsedSec();
        this.ticks = start.ticks();
        this.imagesAtStart = start.images();
    }

    /** A step is done; what was trained since the last one is its time. */
    void add(StepResult step) {
        last = step;
        Sums sums = byPatch.computeIfAbsent(step.patch().height(), size -> new Sums());
        long trained = clock.trainingNanos();
        sums.nanos += trained - trainedAtStep;
        trainedAtStep = trained;
        sums.shown += step.imagesShown();
        boolean finite = Double.isFinite(step.lossPerElement());
        if (finite) {
            sums.loss += step.lossPerElement();
            sums.finite++;
        }
        nonFinite += finite && step.nonFiniteGradients() == 0 ? 0 : 1;
    }

    /** Whether there are steps that no tick has told of. */
    boolean hasSteps() {
        return !byPatch.isEmpty();
    }

    /** How many ticks there were. */
    int ticks() {
        return ticks;
    }

    double elapsedSec() {
        return elapsedBefore + clock.totalSeconds();
    }

    /** Ends the tick. */
    TrainingTick next() {
        Map<Phase, Double> split = clock.lap();
        Sums all = new Sums();
        byPatch.values().forEach(sums -> {
            all.loss += sums.loss;
            all.finite += sums.finite;
            all.shown += sums.shown;
            all.nanos += sums.nanos;
        });
        Runtime runtime = Runtime.getRuntime();
        TrainingTick tick = new TrainingTick(
                ticks++,
                last.images() / KILO,
                last.step() + 1,
                all.meanLoss(),
                each(Sums::meanLoss),
                nonFinite,
                last.learningRate(),
                all.nanos * SECONDS / ((last.images() - imagesAtStart) / KILO),
                all.imagesPerSec(),
                each(Sums::imagesPerSec),
                split,
                elapsedSec(),
                (runtime.totalMemory() - runtime.freeMemory()) / MEBI,
                Pointer.physicalBytes() / MEBI);
        byPatch.clear();
        nonFinite = 0;
        imagesAtStart = last.images();
        return tick;
    }

    /** A figure of each patch size, those without a finite loss left out where it is one. */
    private Map<Integer, Double> each(ToDoubleFunction<Sums> figure) {
        Map<Integer, Double> figures = new TreeMap<>();
        byPatch.forEach((size, sums) -> {
            double value = figure.applyAsDouble(sums);
            if (!Double.isNaN(value)) {
                figures.put(size, value);
            }
        });
        return figures;
    }
}

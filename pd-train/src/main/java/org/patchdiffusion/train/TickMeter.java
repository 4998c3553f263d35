package org.patchdiffusion.train;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.bytedeco.javacpp.Pointer;
import org.patchdiffusion.train.checkpoint.TrainingProgress;
import org.patchdiffusion.train.step.ImageLoss;
import org.patchdiffusion.train.step.StepResult;

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

        void addLoss(double one) {
            loss += one;
            finite++;
        }

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
    private final Map<NoiseBin, Sums> byNoise = new LinkedHashMap<>();
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
        clear();
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
            sums.addLoss(step.lossPerElement());
        }
        for (ImageLoss image : step.perImage()) {
            if (Double.isFinite(image.lossPerElement())) {
                byNoise.get(NoiseBin.of(image.sigma())).addLoss(image.lossPerElement());
            }
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
                each(byPatch, Sums::meanLoss),
                each(byNoise, Sums::meanLoss),
                nonFinite,
                last.learningRate(),
                all.nanos * SECONDS / ((last.images() - imagesAtStart) / KILO),
                all.imagesPerSec(),
                each(byPatch, Sums::imagesPerSec),
                split,
                elapsedSec(),
                (runtime.totalMemory() - runtime.freeMemory()) / MEBI,
                Pointer.physicalBytes() / MEBI);
        clear();
        nonFinite = 0;
        imagesAtStart = last.images();
        return tick;
    }

    private void clear() {
        byPatch.clear();
        NoiseBin.ALL.forEach(bin -> byNoise.put(bin, new Sums()));
    }

    /** A figure of each group of steps or images, those left out where it is a mean of none. */
    private static <K> Map<K, Double> each(Map<K, Sums> groups, ToDoubleFunction<Sums> figure) {
        Map<K, Double> figures = new LinkedHashMap<>();
        groups.forEach((key, sums) -> {
            double value = figure.applyAsDouble(sums);
            if (!Double.isNaN(value)) {
                figures.put(key, value);
            }
        });
        return figures;
    }
}

package org.patchdiffusion.train;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.Pointer;

/** Gathers steps into the statistics of a tick. */
final class TickMeter {
    private static final long MEBI = 1 << 20;

    private static final class Mean {
        double sum;
        long count;

        void add(double value) {
            sum += value;
            count++;
        }

        double value() {
            return sum / count;
        }
    }

    private final long runStart = System.nanoTime();
    private final Map<Integer, Mean> byPatch = new TreeMap<>();
    private Mean all = new Mean();
    private int ticks;
    private long tickStart = runStart;
    private long shown;
    private long imagesAtStart;
    private StepResult last;

    /** Starts at a count of images. */
    TickMeter(long images) {
        imagesAtStart = images;
    }

    void add(StepResult step) {
        last = step;
        shown += step.imagesShown();
        if (Double.isFinite(step.lossPerElement())) {
            all.add(step.lossPerElement());
            byPatch.computeIfAbsent(step.patch().height(), size -> new Mean()).add(step.lossPerElement());
        }
    }

    /** Ends the tick. */
    TrainingTick next() {
        long now = System.nanoTime();
        double seconds = (now - tickStart) * 1e-9;
        Map<Integer, Double> losses = new LinkedHashMap<>();
        byPatch.forEach((size, mean) -> losses.put(size, mean.value()));
        Runtime runtime = Runtime.getRuntime();
        TrainingTick tick = new TrainingTick(
                ticks++,
                last.images() / 1000.0,
                last.step() + 1,
                all.value(),
                losses,
                last.learningRate(),
                seconds / ((last.images() - imagesAtStart) / 1000.0),
                shown / seconds,
                (now - runStart) * 1e-9,
                (runtime.totalMemory() - runtime.freeMemory()) / MEBI,
                Pointer.physicalBytes() / MEBI);
        all = new Mean();
        byPatch.clear();
        tickStart = now;
        shown = 0;
        imagesAtStart = last.images();
        return tick;
    }
}

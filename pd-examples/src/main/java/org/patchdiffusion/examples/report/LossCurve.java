package org.patchdiffusion.examples.report;

import java.util.ArrayList;
import java.util.List;
import org.patchdiffusion.train.StepResult;
import org.patchdiffusion.train.TrainingListener;

/** Collects the smoothed loss over the images shown, in bounded memory however long the run is. */
public final class LossCurve implements TrainingListener {
    private static final int MOST_POINTS = 2000;
    /** Weight of the newest step: noise levels and patch sizes vary from step to step, so the average is slow. */
    private static final double SMOOTHING = 0.01;

    private final List<Double> images = new ArrayList<>();
    private final List<Double> losses = new ArrayList<>();
    private long steps;
    private long shown;
    private long stride = 1;
    private double smoothed;

    @Override
    public void stepDone(StepResult step) {
        shown += step.imagesShown();
        steps++;
        if (Double.isFinite(step.lossPerElement())) {
            smoothed += Math.max(SMOOTHING, 1.0 / steps) * (step.lossPerElement() - smoothed);
        }
        if (steps % stride == 0) {
            images.add((double) shown);
            losses.add(smoothed);
            if (images.size() == MOST_POINTS) {
                thinOut();
            }
        }
    }

    /** Keeps every second point, and takes half as many from now on. */
    private void thinOut() {
        for (int i = 0; i < MOST_POINTS / 2; i++) {
            images.set(i, images.get(2 * i + 1));
            losses.set(i, losses.get(2 * i + 1));
        }
        images.subList(MOST_POINTS / 2, MOST_POINTS).clear();
        losses.subList(MOST_POINTS / 2, MOST_POINTS).clear();
        stride *= 2;
    }

    /** Images shown at each point; patches count as images. */
    public List<Double> images() {
        return List.copyOf(images);
    }

    /** Smoothed loss per pixel and channel at each point. */
    public List<Double> losses() {
        return List.copyOf(losses);
    }

    /** Images shown so far, patches counting as images. */
    public long imagesShown() {
        return shown;
    }

    /** Steps so far. */
    public long steps() {
        return steps;
    }

    /** The smoothed loss of the last step. */
    public double last() {
        return smoothed;
    }
}

package org.patchdiffusion.eval.sample;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * UniPC of Zhao et al. 2023 (arXiv 2302.04867, Algorithms 5 and 8) in multistep form for data prediction: a predictor, and
 * a corrector that uses the evaluation of the next step. The order climbs in the first steps and falls in the last ones.
 *
 * <p>It ends at the last level above 0, as its authors run it: a final level of 0 is not visited, and a run of N steps
 * evaluates the denoiser N - 1 times. The rest of noise is far below a gray level at 0.002.
 *
 * @param variant B(h), which the method leaves open
 * @param order 1 to 3
 */
public record UniPcSampler(Variant variant, int order) implements Sampler {
    private static final int MOST = 3;

    /** The choice of B(h). */
    public enum Variant {
        /** B(h) = h. */
        B1,
        /** B(h) = e^h - 1. */
        B2
    }

    /**
     * Checks the order.
     *
     * @throws IllegalArgumentException if it is not 1 to 3
     */
    public UniPcSampler {
        Settings.require(order >= 1 && order <= MOST, "order", order, "1 to " + MOST);
    }

    @Override
    public void walk(Trajectory trajectory) {
        boolean endsAtZero = trajectory.level(trajectory.steps()) == 0;
        int steps = endsAtZero ? trajectory.steps() - 1 : trajectory.steps();
        INDArray start = trajectory.newArray();
        Deque<INDArray> estimates = new ArrayDeque<>();
        estimates.addFirst(keep(trajectory, estimates, trajectory.denoise(trajectory.level(0))));
        for (int i = 0; i < steps; i++) {
            int stepOrder = Math.min(Math.min(order, i + 1), steps - i);
            UniPcStep step = UniPcStep.of(variant, levels(trajectory, i, stepOrder));
            start.assign(trajectory.x());
            apply(trajectory, step, step.predictor(), estimates);
            if (i < steps - 1) {
                INDArray denoised = trajectory.denoise(trajectory.level(i + 1));
                trajectory.x().assign(start);
                apply(trajectory, step, step.corrector(), estimates);
                addNext(trajectory, step, estimates.getFirst(), denoised);
                estimates.addFirst(keep(trajectory, estimates, denoised));
            }
            trajectory.stepDone(i, estimates.getFirst());
        }
        if (endsAtZero) {
            trajectory.stepDone(steps, estimates.getFirst());
        }
    }

    /** The levels at the end and the start of a step, and at the starts of those before it that it uses. */
    private static List<Double> levels(Trajectory trajectory, int i, int order) {
        List<Double> levels = new ArrayList<>(List.of(trajectory.level(i + 1)));
        for (int k = 0; k < order; k++) {
            levels.add(trajectory.level(i - k));
        }
        return levels;
    }

    /** The first-order part, and differences between estimates with their weights. */
    private static void apply(Trajectory trajectory, UniPcStep step, double[] weights, Deque<INDArray> estimates) {
        Iterator<INDArray> past = estimates.iterator();
        INDArray newest = past.next();
        double ofNewest = 1 - step.rest();
        trajectory.x().muli(step.rest());
        for (int k = 0; k < step.order() - 1; k++) {
            double weight = weights[k] / step.ratio(k);
            trajectory.add(weight, past.next());
            ofNewest -= weight;
        }
        trajectory.add(ofNewest, newest);
    }

    /** The corrector's part with the estimate at the end of the step. */
    private static void addNext(Trajectory trajectory, UniPcStep step, INDArray newest, INDArray denoised) {
        double weight = step.corrector()[step.order() - 1];
        trajectory.add(weight, denoised);
        trajectory.add(-weight, newest);
    }

    /** A copy of an estimate, in the oldest one's place if there are enough. */
    private INDArray keep(Trajectory trajectory, Deque<INDArray> estimates, INDArray denoised) {
        INDArray place = estimates.size() < order ? trajectory.newArray() : estimates.removeLast();
        return place.assign(denoised);
    }
}

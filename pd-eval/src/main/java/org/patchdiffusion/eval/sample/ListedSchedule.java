package org.patchdiffusion.eval.sample;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Any list of noise levels. Asked for another number of steps than the list has, it interpolates the logarithms of the
 * levels, as Sabour et al. 2024 ("Align Your Steps", arXiv 2404.14507) do with the ten steps that they publish.
 *
 * @param anchors falling positive levels, at least 2; the final 0 is not among them
 */
public record ListedSchedule(List<Double> anchors) implements NoiseSchedule {

    /** Ends of ten steps that Align Your Steps publishes for Stable Diffusion 1.5. */
    private static final List<Double> ALIGNED =
            List.of(14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029);

    /**
     * Checks the levels.
     *
     * @throws IllegalArgumentException if there are fewer than 2, or they do not fall, or one is not positive and finite
     */
    public ListedSchedule {
        anchors = List.copyOf(anchors);
        Settings.require(anchors.size() >= 2, "sigmas", anchors, "at least 2 noise levels");
        List<Double> levels = anchors;
        boolean falling = IntStream.range(1, levels.size()).allMatch(i -> levels.get(i) < levels.get(i - 1));
        boolean positive = levels.stream().allMatch(level -> level > 0 && level < Double.POSITIVE_INFINITY);
        Settings.require(falling && positive, "sigmas", anchors, "falling positive noise levels without the final 0");
    }

    /**
     * The shape of the steps that Align Your Steps found for a model of latents, stretched to a noise range on a
     * logarithmic scale. Steps made for the model at hand are better: pass them as a list.
     */
    public static ListedSchedule aligned(NoiseRange range) {
        double high = Math.log(ALIGNED.get(0));
        double low = Math.log(ALIGNED.get(ALIGNED.size() - 1));
        double factor = Math.log(range.highest() / range.lowest()) / (high - low);
        return new ListedSchedule(ALIGNED.stream()
                .map(level -> range.lowest() * Math.exp((Math.log(level) - low) * factor))
                .toList());
    }

    @Override
    public double[] levels(int steps) {
        int last = anchors.size() - 1;
        return Ramp.levels(steps, fraction -> {
            // With as many steps as levels, the levels themselves: no rounding through logarithms.
            double place = steps == anchors.size() ? Math.rint(fraction * last) : fraction * last;
            int before = Math.min((int) place, last - 1);
            double share = place - before;
            return share == 0 || share == 1
                    ? anchors.get(before + (int) share)
                    : Math.exp((1 - share) * Math.log(anchors.get(before)) + share * Math.log(anchors.get(before + 1)));
        });
    }

    /** Drops the levels outside. */
    @Override
    public ListedSchedule clampedTo(double lowest, double highest) {
        return new ListedSchedule(anchors.stream()
                .filter(level -> level >= lowest && level <= highest)
                .toList());
    }
}

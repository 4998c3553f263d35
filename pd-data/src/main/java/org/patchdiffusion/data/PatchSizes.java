package org.patchdiffusion.data;

import java.util.ArrayList;
import java.util.List;

/**
 * The patch sizes of a training run and how likely each one is (Wang et al., "Patch Diffusion", arXiv 2304.12526,
 * section 3.3).
 *
 * <p>A patch has the aspect of the image: both sides are scaled by the same fraction. A step on patches of 1/k of the
 * image's sides shows k times the images of a full step.
 *
 * @param height rows of the whole image
 * @param width columns of the whole image
 * @param sizes the patch sizes, from small to large
 * @param probabilities how likely each one is; positive, with sum 1
 */
public record PatchSizes(int height, int width, List<PatchSize> sizes, List<Double> probabilities) {

    private static final double SUM_TOLERANCE = 1e-6;

    /** @throws IllegalArgumentException if the lists do not fit together, or a patch does not fit the image */
    public PatchSizes {
        sizes = List.copyOf(sizes);
        probabilities = List.copyOf(probabilities);
        if (sizes.isEmpty() || sizes.size() != probabilities.size()) {
            throw new IllegalArgumentException("patch sizes: got " + sizes.size() + " sizes and " + probabilities.size()
                    + " probabilities, expected one probability for each size");
        }
        double sum = probabilities.stream().mapToDouble(Double::doubleValue).sum();
        if (!(Math.abs(sum - 1) <= SUM_TOLERANCE) || probabilities.stream().anyMatch(p -> !(p > 0))) {
            throw new IllegalArgumentException(
                    "patch sizes: probabilities are " + probabilities + ", expected positive numbers with sum 1");
        }
        for (int i = 0; i < sizes.size(); i++) {
            PatchSize size = sizes.get(i);
            if (size.height() > height || (long) size.height() * width != (long) size.width() * height) {
                throw new IllegalArgumentException("patch size " + size + ": expected a size within " + width + "x"
                        + height + " and with the same ratio of width to height");
            }
            if (i > 0 && size.height() <= sizes.get(i - 1).height()) {
                throw new IllegalArgumentException(
                        "patch sizes: " + sizes + ", expected them from small to large, each one once");
            }
        }
    }

    /**
     * The paper's sizes for pixels: a quarter, a half and all of the image's sides with probabilities 0.4(1-p), 0.6(1-p)
     * and p.
     *
     * @param realP p, the share of steps on whole images, 0 to 1 ({@code --real-p}; 0.5 in the paper)
     * @param divisor what the network needs the sides of its input to be a multiple of: 2 to the number of its
     *     downsamplings
     * @throws IllegalArgumentException if p is out of range or a side cannot be divided so
     */
    public static PatchSizes ofPixels(int height, int width, double realP, int divisor) {
        requireProbability(realP);
        int side = Math.min(height, width);
        return of(
                height,
                width,
                List.of(side / 4, side / 2, side),
                List.of(0.4 * (1 - realP), 0.6 * (1 - realP), realP),
                divisor);
    }

    /**
     * The paper's sizes for latents: a half and all of the sides with probabilities 1-p and p.
     *
     * @throws IllegalArgumentException as {@link #ofPixels}
     */
    public static PatchSizes ofLatents(int height, int width, double realP, int divisor) {
        requireProbability(realP);
        int side = Math.min(height, width);
        return of(height, width, List.of(side / 2, side), List.of(1 - realP, realP), divisor);
    }

    /**
     * Any sizes.
     *
     * @param shorterSides shorter side of each patch, in any order; sizes of probability 0 are left out
     * @param probabilities how likely each one is, with sum 1
     * @param divisor what the network needs the sides of its input to be a multiple of
     * @throws IllegalArgumentException if a patch cannot have the image's aspect, or a side is no multiple of the divisor
     */
    public static PatchSizes of(
            int height, int width, List<Integer> shorterSides, List<Double> probabilities, int divisor) {
        if (shorterSides.size() != probabilities.size()) {
            throw new IllegalArgumentException("patch sizes: got " + shorterSides.size() + " sizes and "
                    + probabilities.size() + " probabilities, expected one probability for each size");
        }
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < shorterSides.size(); i++) {
            if (probabilities.get(i) != 0) {
                order.add(i);
            }
        }
        order.sort((a, b) -> Integer.compare(shorterSides.get(a), shorterSides.get(b)));
        return new PatchSizes(
                height,
                width,
                order.stream()
                        .map(i -> scaled(height, width, shorterSides.get(i), divisor))
                        .toList(),
                order.stream().map(probabilities::get).toList());
    }

    private static void requireProbability(double realP) {
        if (!(realP >= 0 && realP <= 1)) {
            throw new IllegalArgumentException("share of whole images (real_p) is " + realP + ", expected 0 to 1");
        }
    }

    private static PatchSize scaled(int height, int width, int shorterSide, int divisor) {
        int side = Math.min(height, width);
        long scaledHeight = (long) height * shorterSide;
        long scaledWidth = (long) width * shorterSide;
        long unit = (long) side * divisor;
        if (divisor < 1
                || shorterSide < 1
                || shorterSide > side
                || scaledHeight % unit != 0
                || scaledWidth % unit != 0) {
            throw new IllegalArgumentException("patch size " + shorterSide + " of a " + width + "x" + height
                    + " image: expected 1 to " + side + ", with both sides of the patch a multiple of " + divisor
                    + " for the network; choose another size, fewer levels or another resolution");
        }
        return new PatchSize((int) (scaledHeight / side), (int) (scaledWidth / side));
    }

    /** How many times the images of a full step a step on this size shows: R / s. */
    public double multiplier(PatchSize size) {
        return (double) height / size.height();
    }

    /** Images in a step on this size, when a step on whole images has {@code batch}: batch·R/s, rounded down. */
    public int batch(int batch, PatchSize size) {
        return Math.toIntExact((long) batch * height / size.height());
    }

    /** How many times the images of a full step an average step shows: the sum of p·R/s. */
    public double expectedMultiplier() {
        double sum = 0;
        for (int i = 0; i < sizes.size(); i++) {
            sum += probabilities.get(i) * multiplier(sizes.get(i));
        }
        return sum;
    }

    /** The patch size of a step, drawn as a pure function of (seed, step). */
    public PatchSize sizeAt(long seed, long step) {
        return quantile(RandomStream.of(seed, Purpose.PATCH_SIZE, step, 0).nextDouble());
    }

    /** A schedule that draws each step's size by {@link #sizeAt}. */
    public PatchSchedule drawn(long seed) {
        return step -> sizeAt(seed, step);
    }

    /**
     * A schedule that walks through the sizes from small to large, staying with each for its share of the steps.
     *
     * @param totalSteps length of the run; later steps use the largest size
     * @throws IllegalArgumentException if it is not positive
     */
    public PatchSchedule progressive(long totalSteps) {
        if (totalSteps < 1) {
            throw new IllegalArgumentException(
                    "progressive patch sizes need a total of at least 1 step, got " + totalSteps);
        }
        return step -> quantile((double) step / totalSteps);
    }

    private PatchSize quantile(double u) {
        double cumulative = 0;
        for (int i = 0; i < sizes.size() - 1; i++) {
            cumulative += probabilities.get(i);
            if (u < cumulative) {
                return sizes.get(i);
            }
        }
        return sizes.get(sizes.size() - 1);
    }
}

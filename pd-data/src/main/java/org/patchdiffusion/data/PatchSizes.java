package org.patchdiffusion.data;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.patchdiffusion.files.Messages;

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
     * The sizes of a distribution, for images of one size.
     *
     * @param divisor what the network needs the sides of its input to be a multiple of: 2 to the number of its
     *     downsamplings
     * @throws IllegalArgumentException if a patch does not fit the image or cannot have its aspect, or a side is no
     *     multiple of the divisor, or two sizes are the same
     */
    public static PatchSizes of(int height, int width, PatchDistribution distribution, int divisor) {
        int side = Math.min(height, width);
        List<PatchDistribution.Share> shares = distribution.shares().stream()
                .filter(share -> share.probability() > 0)
                .sorted(Comparator.comparingInt(share -> share.side().of(side)))
                .toList();
        List<PatchSize> sizes = new ArrayList<>();
        for (PatchDistribution.Share share : shares) {
            PatchSize size = scaled(height, width, share.side(), divisor);
            if (sizes.contains(size)) {
                throw new IllegalArgumentException("patch sizes: two of " + distribution + " are " + size
                        + " for images of " + width + "x" + height + "; give each size once");
            }
            sizes.add(size);
        }
        return new PatchSizes(
                height,
                width,
                sizes,
                shares.stream().map(PatchDistribution.Share::probability).toList());
    }

    private static PatchSize scaled(int height, int width, PatchDistribution.Side side, int divisor) {
        int shorter = Math.min(height, width);
        int pixels = side.of(shorter);
        long scaledHeight = (long) height * pixels;
        long scaledWidth = (long) width * pixels;
        long unit = (long) shorter * divisor;
        if (divisor < 1 || pixels < 1 || pixels > shorter || scaledHeight % unit != 0 || scaledWidth % unit != 0) {
            String which = side instanceof PatchDistribution.Pixels
                    ? Messages.count(pixels, "pixel")
                    : side + " (" + Messages.count(pixels, "pixel") + " of the shorter side)";
            throw new IllegalArgumentException("patch size " + which + " does not fit images of " + width + "x" + height
                    + ": expected at most " + shorter + " pixels, with both sides of the patch a multiple of "
                    + divisor + " for the network; choose another size, fewer levels or another resolution");
        }
        return new PatchSize((int) (scaledHeight / shorter), (int) (scaledWidth / shorter));
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
     * A schedule that walks through the sizes from small to large, staying with each until its share of the images has been
     * shown.
     *
     * @param images length of the run, in images shown; later steps use the largest size
     * @param batch images in a step on whole images
     * @throws IllegalArgumentException if one is not positive
     */
    public PatchSchedule progressive(double images, int batch) {
        if (!(images > 0) || batch < 1) {
            throw new IllegalArgumentException("progressive patch sizes over " + images + " images in batches of "
                    + batch + ", expected positive numbers");
        }
        long[] firstStep = new long[sizes.size()];
        double shown = 0;
        double share = 0;
        for (int i = 0; i < sizes.size() - 1; i++) {
            share += probabilities.get(i);
            int perStep = batch(batch, sizes.get(i));
            long steps = Math.max(0, (long) Math.ceil((share * images - shown) / perStep));
            firstStep[i + 1] = firstStep[i] + steps;
            shown += (double) steps * perStep;
        }
        return step -> {
            int i = sizes.size() - 1;
            while (step < firstStep[i]) {
                i--;
            }
            return sizes.get(i);
        };
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

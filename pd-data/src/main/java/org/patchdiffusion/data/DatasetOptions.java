package org.patchdiffusion.data;

import java.util.Set;

/**
 * Which part of a data set to open, and how.
 *
 * @param useLabels whether to read the classes; the data set must have them
 * @param maxSize the most images to keep, chosen at random by {@code seed} after the filter by class; {@link
 *     Integer#MAX_VALUE} keeps all
 * @param seed decides which images {@code maxSize} keeps
 * @param xflip whether to add a copy of every image mirrored left to right, which doubles the data set
 * @param classes keep only images of these classes; empty keeps all. Class numbers do not change
 */
public record DatasetOptions(boolean useLabels, int maxSize, long seed, boolean xflip, Set<Integer> classes) {

    /** Everything, without labels and mirrored copies. */
    public static final DatasetOptions ALL = new DatasetOptions(false, Integer.MAX_VALUE, 0, false, Set.of());

    /** @throws IllegalArgumentException if {@code maxSize} is not positive or a class is negative */
    public DatasetOptions {
        if (maxSize < 1) {
            throw new IllegalArgumentException("maximum data set size is " + maxSize + ", expected at least 1");
        }
        classes = Set.copyOf(classes);
        for (int label : classes) {
            if (label < 0) {
                throw new IllegalArgumentException("class filter names class " + label + ", expected 0 or more");
            }
        }
    }

    public DatasetOptions withLabels(boolean use) {
        return new DatasetOptions(use, maxSize, seed, xflip, classes);
    }

    /** Keeps at most {@code size} images, chosen by {@code chooseBy}. */
    public DatasetOptions withMaxSize(int size, long chooseBy) {
        return new DatasetOptions(useLabels, size, chooseBy, xflip, classes);
    }

    public DatasetOptions withXflip(boolean flip) {
        return new DatasetOptions(useLabels, maxSize, seed, flip, classes);
    }

    public DatasetOptions withClasses(Set<Integer> keep) {
        return new DatasetOptions(useLabels, maxSize, seed, xflip, keep);
    }
}

package org.patchdiffusion.data;

import java.util.Set;

/**
 * Which part of a data set to open, and how.
 *
 * @param labels whether to read the classes
 * @param maxSize the most images to keep, chosen at random by {@code seed} after the filter by class; {@link
 *     Integer#MAX_VALUE} keeps all
 * @param seed decides which images {@code maxSize} keeps
 * @param classes keep only images of these classes; empty keeps all. Class numbers do not change
 * @param cache where the decoded images are kept
 */
public record DatasetOptions(LabelUse labels, int maxSize, long seed, Set<Integer> classes, PixelCache cache) {

    /** Everything, without labels. */
    public static final DatasetOptions ALL =
            new DatasetOptions(LabelUse.NONE, Integer.MAX_VALUE, 0, Set.of(), PixelCache.AUTO);

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

    public DatasetOptions withLabels(LabelUse use) {
        return new DatasetOptions(use, maxSize, seed, classes, cache);
    }

    /** Reads the classes, which the data set must have, or not. */
    public DatasetOptions withLabels(boolean use) {
        return withLabels(use ? LabelUse.REQUIRED : LabelUse.NONE);
    }

    /** Keeps at most {@code size} images, chosen by {@code chooseBy}. */
    public DatasetOptions withMaxSize(int size, long chooseBy) {
        return new DatasetOptions(labels, size, chooseBy, classes, cache);
    }

    public DatasetOptions withClasses(Set<Integer> keep) {
        return new DatasetOptions(labels, maxSize, seed, keep, cache);
    }

    public DatasetOptions withCache(PixelCache place) {
        return new DatasetOptions(labels, maxSize, seed, classes, place);
    }
}

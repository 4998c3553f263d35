package org.patchdiffusion.data.augment;

import java.util.random.RandomGenerator;

/** A random transform of one image. */
interface ImageTransform {

    /** Number of its labels. */
    int labelWidth();

    /**
     * Draws the parameters, then whether the transform acts. The number of draws does not depend on their outcome.
     *
     * @param probability that it acts; may be above 1
     * @param image what it acts on
     * @param labels receives the labels from {@code at} on if it acts; they are 0 before
     */
    void draw(RandomGenerator random, double probability, WorkingImage image, float[] labels, int at);
}

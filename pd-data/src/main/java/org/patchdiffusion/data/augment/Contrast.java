package org.patchdiffusion.data.augment;

import java.util.random.RandomGenerator;

/** Multiplies every channel by a log-normal factor. */
final class Contrast implements ImageTransform {
    private static final double STRENGTH = 0.5;

    @Override
    public int labelWidth() {
        return 1;
    }

    @Override
    public void draw(RandomGenerator random, double probability, WorkingImage image, float[] labels, int at) {
        double w = random.nextGaussian();
        if (random.nextDouble() < probability) {
            image.recolour(ColourMap.uniform(Math.pow(2, STRENGTH * w), 0));
            labels[at] = (float) w;
        }
    }
}

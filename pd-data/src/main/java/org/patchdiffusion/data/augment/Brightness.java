package org.patchdiffusion.data.augment;

import java.util.random.RandomGenerator;

/** Adds the same to every channel. */
final class Brightness implements ImageTransform {
    private static final double STRENGTH = 0.2;

    @Override
    public int labelWidth() {
        return 1;
    }

    @Override
    public void draw(RandomGenerator random, double probability, WorkingImage image, float[] labels, int at) {
        double w = random.nextGaussian();
        if (random.nextDouble() < probability) {
            image.recolour(ColourMap.uniform(1, STRENGTH * w));
            labels[at] = (float) w;
        }
    }
}

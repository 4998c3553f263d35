package org.patchdiffusion.data.augment;

import java.util.random.RandomGenerator;

/** Scales an image by a log-normal factor around its centre. */
final class Scaling implements ImageTransform {
    private static final double STRENGTH = 0.2;

    @Override
    public int labelWidth() {
        return 1;
    }

    @Override
    public void draw(RandomGenerator random, double probability, WorkingImage image, float[] labels, int at) {
        double w = random.nextGaussian();
        if (random.nextDouble() < probability) {
            double inverse = Math.pow(2, -STRENGTH * w);
            image.move(AffineMap.scaling(inverse, inverse));
            labels[at] = (float) w;
        }
    }
}

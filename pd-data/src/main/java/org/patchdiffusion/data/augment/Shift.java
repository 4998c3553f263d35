package org.patchdiffusion.data.augment;

import java.util.random.RandomGenerator;

/** Moves an image by parts of its sides, which need not be whole pixels. */
final class Shift implements ImageTransform {
    private static final double STRENGTH = 0.125;

    @Override
    public int labelWidth() {
        return 2;
    }

    @Override
    public void draw(RandomGenerator random, double probability, WorkingImage image, float[] labels, int at) {
        double x = random.nextGaussian();
        double y = random.nextGaussian();
        if (random.nextDouble() < probability) {
            image.move(AffineMap.translation(-x * image.width() * STRENGTH, -y * image.height() * STRENGTH));
            labels[at] = (float) x;
            labels[at + 1] = (float) y;
        }
    }
}

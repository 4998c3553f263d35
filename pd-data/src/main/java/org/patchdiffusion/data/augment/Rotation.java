package org.patchdiffusion.data.augment;

import java.util.random.RandomGenerator;

/** Turns an image by any angle around its centre. */
final class Rotation implements ImageTransform {

    @Override
    public int labelWidth() {
        return 2;
    }

    @Override
    public void draw(RandomGenerator random, double probability, WorkingImage image, float[] labels, int at) {
        double angle = (2 * random.nextDouble() - 1) * Math.PI;
        if (random.nextDouble() < probability) {
            image.move(AffineMap.rotation(angle));
            labels[at] = (float) (Math.cos(angle) - 1);
            labels[at + 1] = (float) Math.sin(angle);
        }
    }
}

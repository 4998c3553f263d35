package org.patchdiffusion.data.augment;

import java.util.random.RandomGenerator;

/** Stretches an image by a log-normal factor along one axis and shrinks it across; the axis is x or any other. */
final class Stretch implements ImageTransform {
    private static final double STRENGTH = 0.2;
    private static final double TURNED = 0.5;

    @Override
    public int labelWidth() {
        return 2;
    }

    @Override
    public void draw(RandomGenerator random, double probability, WorkingImage image, float[] labels, int at) {
        double w = random.nextGaussian();
        double angle = (2 * random.nextDouble() - 1) * Math.PI;
        boolean acts = random.nextDouble() < probability;
        boolean turned = random.nextDouble() < TURNED;
        if (acts) {
            double axis = turned ? angle : 0;
            double factor = Math.pow(2, STRENGTH * w);
            image.move(AffineMap.rotation(-axis)
                    .after(AffineMap.scaling(1 / factor, factor))
                    .after(AffineMap.rotation(axis)));
            labels[at] = (float) (w * Math.cos(axis));
            labels[at + 1] = (float) (w * Math.sin(axis));
        }
    }
}

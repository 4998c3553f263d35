package org.patchdiffusion.data.augment;

import java.util.random.RandomGenerator;

/** Multiplies what differs from gray by a log-normal factor. */
final class Saturation implements ImageTransform {

    @Override
    public int labelWidth() {
        return 1;
    }

    @Override
    public void draw(RandomGenerator random, double probability, WorkingImage image, float[] labels, int at) {
        double w = random.nextGaussian();
        if (random.nextDouble() < probability) {
            image.recolour(ColourMap.lumaAndChroma(1, Math.pow(2, w)));
            labels[at] = (float) w;
        }
    }
}

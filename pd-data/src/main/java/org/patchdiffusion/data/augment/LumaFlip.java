package org.patchdiffusion.data.augment;

import java.util.random.RandomGenerator;

/** Inverts the luma and keeps the rest of the colour. */
final class LumaFlip implements ImageTransform {

    @Override
    public int labelWidth() {
        return 1;
    }

    @Override
    public void draw(RandomGenerator random, double probability, WorkingImage image, float[] labels, int at) {
        int flipped = random.nextInt(2);
        if (random.nextDouble() < probability) {
            image.recolour(ColourMap.lumaAndChroma(1 - 2 * flipped, 1));
            labels[at] = flipped;
        }
    }
}

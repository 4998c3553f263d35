package org.patchdiffusion.data.augment;

import java.util.random.RandomGenerator;

/** Moves an image by whole pixels, mirrored at its edges: columns to the right, rows upwards. */
final class PixelShift implements ImageTransform {
    private static final double LARGEST = 0.125;

    @Override
    public int labelWidth() {
        return 2;
    }

    @Override
    public void draw(RandomGenerator random, double probability, WorkingImage image, float[] labels, int at) {
        double shareX = 2 * random.nextDouble() - 1;
        double shareY = 2 * random.nextDouble() - 1;
        if (random.nextDouble() < probability) {
            int height = image.height();
            int width = image.width();
            int right = (int) Math.rint(shareX * width * LARGEST);
            int up = (int) Math.rint(shareY * height * LARGEST);
            image.rearrange((y, x) -> Mirror.inside(y + up, height) * width + Mirror.inside(x - right, width));
            labels[at] = (float) (right / (width * LARGEST));
            labels[at + 1] = (float) (up / (height * LARGEST));
        }
    }
}

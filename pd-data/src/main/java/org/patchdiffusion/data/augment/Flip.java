package org.patchdiffusion.data.augment;

import java.util.random.RandomGenerator;

/** Mirrors an image. */
record Flip(Direction direction) implements ImageTransform {

    enum Direction {
        LEFT_RIGHT,
        TOP_BOTTOM
    }

    @Override
    public int labelWidth() {
        return 1;
    }

    @Override
    public void draw(RandomGenerator random, double probability, WorkingImage image, float[] labels, int at) {
        int flipped = random.nextInt(2);
        if (random.nextDouble() < probability && flipped == 1) {
            int width = image.width();
            int last = direction == Direction.LEFT_RIGHT ? width - 1 : image.height() - 1;
            image.rearrange(
                    direction == Direction.LEFT_RIGHT
                            ? (y, x) -> y * width + last - x
                            : (y, x) -> (last - y) * width + x);
            labels[at] = 1;
        }
    }
}

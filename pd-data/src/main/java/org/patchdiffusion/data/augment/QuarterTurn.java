package org.patchdiffusion.data.augment;

import java.util.random.RandomGenerator;

/** Turns an image by a multiple of 90 degrees, counter-clockwise; one that is not square by 0 or 180 degrees. */
final class QuarterTurn implements ImageTransform {

    @Override
    public int labelWidth() {
        return 2;
    }

    @Override
    public void draw(RandomGenerator random, double probability, WorkingImage image, float[] labels, int at) {
        boolean square = image.height() == image.width();
        int turns = square ? random.nextInt(4) : 2 * random.nextInt(2);
        if (random.nextDouble() < probability) {
            turn(image, turns);
            labels[at] = turns == 1 || turns == 2 ? 1 : 0;
            labels[at + 1] = turns == 2 || turns == 3 ? 1 : 0;
        }
    }

    private static void turn(WorkingImage image, int turns) {
        int width = image.width();
        int lastRow = image.height() - 1;
        int lastColumn = width - 1;
        switch (turns) {
            case 1 -> image.rearrange((y, x) -> x * width + lastColumn - y);
            case 2 -> image.rearrange((y, x) -> (lastRow - y) * width + lastColumn - x);
            case 3 -> image.rearrange((y, x) -> (lastRow - x) * width + y);
            default -> {
                // No turn leaves the image as it is.
            }
        }
    }
}

package org.patchdiffusion.data;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Coordinate channels: where in the whole image each pixel lies (Wang et al., arXiv 2304.12526, section 3.2). Channel 0
 * is x (the column), channel 1 is y (the row), each scaled to [-1, 1] by {@code (index / (length - 1) - 0.5) * 2} of its
 * own side's length.
 */
public final class Positions {

    /** Number of coordinate channels. */
    public static final int CHANNELS = 2;

    private Positions() {}

    /**
     * Coordinates of whole images.
     *
     * @return float32 [batch, 2, height, width]
     * @throws IllegalArgumentException if the batch is empty or a side is shorter than 2
     */
    public static INDArray whole(int batch, int height, int width) {
        if (batch < 1) {
            throw new IllegalArgumentException("positions of " + batch + " images, expected at least 1");
        }
        PatchCropper cropper = new PatchCropper(1, height, width);
        int length = CHANNELS * height * width;
        float[] values = new float[Math.multiplyExact(batch, length)];
        cropper.positions(0, 0, new PatchSize(height, width), values, 0);
        for (int i = 1; i < batch; i++) {
            System.arraycopy(values, 0, values, i * length, length);
        }
        return Nd4j.create(values, new long[] {batch, CHANNELS, height, width}, 'c');
    }

    /**
     * Coordinates of a window of a whole image, which may reach beyond it: there they go on beyond -1 and 1.
     *
     * @param frame size of the whole image, whose sides have the coordinates -1 to 1
     * @param top row of the window's upper left pixel in the whole image, negative above it
     * @param left column of that pixel, negative left of it
     * @param size size of the window
     * @return float32 [1, 2, height, width]
     * @throws IllegalArgumentException if a side of the whole image is shorter than 2
     */
    public static INDArray window(PatchSize frame, int top, int left, PatchSize size) {
        requireSide(frame.height());
        requireSide(frame.width());
        float[] values = new float[Math.multiplyExact(CHANNELS, Math.multiplyExact(size.height(), size.width()))];
        int plane = size.height() * size.width();
        for (int y = 0; y < size.height(); y++) {
            for (int x = 0; x < size.width(); x++) {
                values[y * size.width() + x] = at(left + x, frame.width());
                values[plane + y * size.width() + x] = at(top + y, frame.height());
            }
        }
        return Nd4j.create(values, new long[] {1, CHANNELS, size.height(), size.width()}, 'c');
    }

    private static float at(int index, int length) {
        return ((float) index / (length - 1) - 0.5f) * 2f;
    }

    private static void requireSide(int length) {
        if (length < 2) {
            throw new IllegalArgumentException("image side of " + length + " pixels, expected at least 2");
        }
    }

    /**
     * The coordinate of each index of a side.
     *
     * @throws IllegalArgumentException if the side is shorter than 2: its coordinates are not defined
     */
    static float[] axis(int length) {
        requireSide(length);
        float[] axis = new float[length];
        for (int i = 0; i < length; i++) {
            axis[i] = at(i, length);
        }
        return axis;
    }
}

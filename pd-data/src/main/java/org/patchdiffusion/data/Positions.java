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
     * The coordinate of each index of a side.
     *
     * @throws IllegalArgumentException if the side is shorter than 2: its coordinates are not defined
     */
    static float[] axis(int length) {
        if (length < 2) {
            throw new IllegalArgumentException("image side of " + length + " pixels, expected at least 2");
        }
        float[] axis = new float[length];
        for (int i = 0; i < length; i++) {
            axis[i] = ((float) i / (length - 1) - 0.5f) * 2f;
        }
        return axis;
    }
}

package org.patchdiffusion.data;

import java.util.Arrays;

/**
 * Cuts patches and their coordinates out of images of one size, into rows of plain arrays. Stateless: safe for use by
 * many threads.
 */
public final class PatchCropper {

    private static final float[] TO_NETWORK = toNetwork();

    private final int channels;
    private final int height;
    private final int width;
    private final float[] rowCoordinates;
    private final float[] columnCoordinates;

    /** @throws IllegalArgumentException if there are no channels or a side is shorter than 2 */
    public PatchCropper(int channels, int height, int width) {
        if (channels < 1) {
            throw new IllegalArgumentException("images of " + channels + " channels, expected at least 1");
        }
        this.channels = channels;
        this.height = height;
        this.width = width;
        rowCoordinates = Positions.axis(height);
        columnCoordinates = Positions.axis(width);
    }

    private static float[] toNetwork() {
        float[] table = new float[256];
        for (int v = 0; v < table.length; v++) {
            table[v] = v / 127.5f - 1f;
        }
        return table;
    }

    /**
     * Cuts a patch from a uint8 image and scales it to what the network sees: v / 127.5 - 1.
     *
     * @param image uint8 [channels, height, width]
     * @param crop where; a flipped crop is cut from the image mirrored left to right
     * @param out receives [channels, patch height, patch width] from {@code at} on
     * @throws IllegalArgumentException if the patch does not lie in the image
     */
    public void pixels(byte[] image, Crop crop, PatchSize size, float[] out, int at) {
        requireInside(image.length, crop, size);
        for (int c = 0; c < channels; c++) {
            for (int y = 0; y < size.height(); y++) {
                int row = (c * height + crop.top() + y) * width;
                if (crop.flipped()) {
                    int last = row + width - 1 - crop.left();
                    for (int x = 0; x < size.width(); x++) {
                        out[at + x] = TO_NETWORK[image[last - x] & 255];
                    }
                } else {
                    int first = row + crop.left();
                    for (int x = 0; x < size.width(); x++) {
                        out[at + x] = TO_NETWORK[image[first + x] & 255];
                    }
                }
                at += size.width();
            }
        }
    }

    /**
     * Cuts a patch from values that need no scaling, such as latents.
     *
     * @param image [channels, height, width]
     * @param crop where; a flipped crop is cut from the image mirrored left to right
     * @param out receives [channels, patch height, patch width] from {@code at} on
     * @throws IllegalArgumentException if the patch does not lie in the image
     */
    public void values(float[] image, Crop crop, PatchSize size, float[] out, int at) {
        requireInside(image.length, crop, size);
        for (int c = 0; c < channels; c++) {
            for (int y = 0; y < size.height(); y++) {
                int row = (c * height + crop.top() + y) * width;
                if (crop.flipped()) {
                    int last = row + width - 1 - crop.left();
                    for (int x = 0; x < size.width(); x++) {
                        out[at + x] = image[last - x];
                    }
                } else {
                    System.arraycopy(image, row + crop.left(), out, at, size.width());
                }
                at += size.width();
            }
        }
    }

    /**
     * The coordinates of a patch in the whole image.
     *
     * @param top row of the patch's first pixel
     * @param left column of the patch's first pixel
     * @param out receives [2, patch height, patch width] from {@code at} on: columns, then rows
     */
    public void positions(int top, int left, PatchSize size, float[] out, int at) {
        int area = size.height() * size.width();
        for (int y = 0; y < size.height(); y++) {
            int start = at + y * size.width();
            System.arraycopy(columnCoordinates, left, out, start, size.width());
            Arrays.fill(out, start + area, start + area + size.width(), rowCoordinates[top + y]);
        }
    }

    private void requireInside(int length, Crop crop, PatchSize size) {
        if (length != channels * height * width) {
            throw new IllegalArgumentException(
                    "image of " + length + " values, expected " + channels + " channels of " + width + "x" + height);
        }
        if (crop.top() + size.height() > height || crop.left() + size.width() > width) {
            throw new IllegalArgumentException("patch of " + size + " at row " + crop.top() + ", column " + crop.left()
                    + " does not lie in the image of " + width + "x" + height);
        }
    }
}

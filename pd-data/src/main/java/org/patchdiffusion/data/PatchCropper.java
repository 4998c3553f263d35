package org.patchdiffusion.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
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

    /** What the network sees of a sample: v / 127.5 - 1. */
    static float toNetwork(byte sample) {
        return TO_NETWORK[sample & 255];
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
        samples(ByteBuffer.wrap(image), crop, size, out, at);
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
        floats(FloatBuffer.wrap(image), crop, size, out, at);
    }

    /**
     * Draws the place of a patch: a pure function of (seed, step, index).
     *
     * @param step training step, epoch or other counter
     * @param index place of the image in the batch or other counter
     * @param image index of the image in the data set
     * @param flip whether to mirror the image with probability 1/2
     * @throws IllegalArgumentException if the patch is larger than the image
     */
    public Crop draw(long seed, long step, long index, int image, PatchSize size, boolean flip) {
        if (size.height() > height || size.width() > width) {
            throw new IllegalArgumentException(
                    "patch of " + size + " does not lie in the image of " + width + "x" + height);
        }
        RandomStream random = RandomStream.of(seed, Purpose.CROP, step, index);
        int top = random.nextInt(height - size.height() + 1);
        int left = random.nextInt(width - size.width() + 1);
        boolean flipped =
                flip && RandomStream.of(seed, Purpose.FLIP, step, index).nextInt() < 0;
        return new Crop(image, flipped, top, left);
    }

    /**
     * Cuts a patch from an image as a {@link PixelReader} gives it: samples are scaled to what the network sees, values are
     * not.
     *
     * @param out receives [channels, patch height, patch width] from {@code at} on
     * @throws IllegalArgumentException if the patch does not lie in the image
     */
    public void cut(ByteBuffer image, PixelType type, Crop crop, PatchSize size, float[] out, int at) {
        requireInside(image.limit() / type.bytes(), crop, size);
        switch (type) {
            case UINT8 -> samples(image, crop, size, out, at);
            case FLOAT32 -> floats(image.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer(), crop, size, out, at);
        }
    }

    private void samples(ByteBuffer image, Crop crop, PatchSize size, float[] out, int at) {
        byte[] row = new byte[size.width()];
        int from = at;
        for (int c = 0; c < channels; c++) {
            for (int y = 0; y < size.height(); y++) {
                image.get(rowStart(c, y, crop, size), row);
                for (int x = 0; x < row.length; x++) {
                    out[from + x] = TO_NETWORK[row[x] & 255];
                }
                if (crop.flipped()) {
                    reverse(out, from, row.length);
                }
                from += row.length;
            }
        }
    }

    private void floats(FloatBuffer image, Crop crop, PatchSize size, float[] out, int at) {
        int from = at;
        for (int c = 0; c < channels; c++) {
            for (int y = 0; y < size.height(); y++) {
                image.get(rowStart(c, y, crop, size), out, from, size.width());
                if (crop.flipped()) {
                    reverse(out, from, size.width());
                }
                from += size.width();
            }
        }
    }

    /** Where a row of the patch starts in the image; a flipped crop counts its columns from the right. */
    private int rowStart(int channel, int y, Crop crop, PatchSize size) {
        int left = crop.flipped() ? width - crop.left() - size.width() : crop.left();
        return (channel * height + crop.top() + y) * width + left;
    }

    private static void reverse(float[] values, int from, int length) {
        for (int i = from, j = from + length - 1; i < j; i++, j--) {
            float value = values[i];
            values[i] = values[j];
            values[j] = value;
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

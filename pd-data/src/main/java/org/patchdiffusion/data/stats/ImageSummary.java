package org.patchdiffusion.data.stats;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.patchdiffusion.data.ImageDataset;

/**
 * What is kept of each image after one pass over all.
 *
 * @param sums sum of the values of each channel
 * @param squares sum of their squares
 * @param blocks mean of each of 4x4 blocks of each channel, scaled so that the distance of two images' blocks is at most
 *     their root-mean-square difference (Jensen's inequality)
 * @param content first 16 bytes of the SHA-256 of the pixels
 */
record ImageSummary(double[] sums, double[] squares, float[] blocks, Content content) {

    /** Blocks along a side. */
    private static final int GRID = 4;

    /** Equal for equal pixels, and for no others as far as anyone knows. */
    record Content(long high, long low) {}

    /** @param withBlocks whether to keep the blocks, which take most of the memory */
    static ImageSummary of(ImageDataset dataset, int index, boolean withBlocks) {
        float[] values = dataset.values(index);
        int channels = dataset.channels();
        int area = values.length / channels;
        double[] sums = new double[channels];
        double[] squares = new double[channels];
        for (int c = 0; c < channels; c++) {
            for (int i = c * area; i < (c + 1) * area; i++) {
                sums[c] += values[i];
                squares[c] += (double) values[i] * values[i];
            }
        }
        float[] blocks = withBlocks ? blocks(values, channels, dataset.height(), dataset.width()) : new float[0];
        return new ImageSummary(sums, squares, blocks, content(dataset.read(index)));
    }

    private static Content content(ByteBuffer pixels) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(pixels);
            ByteBuffer digest = ByteBuffer.wrap(sha.digest());
            return new Content(digest.getLong(), digest.getLong());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java lacks SHA-256, which every Java platform must have", e);
        }
    }

    private static float[] blocks(float[] values, int channels, int height, int width) {
        double[] sums = new double[channels * GRID * GRID];
        int[] sizes = new int[sums.length];
        for (int c = 0, i = 0; c < channels; c++) {
            for (int y = 0; y < height; y++) {
                int row = (c * GRID + y * GRID / height) * GRID;
                for (int x = 0; x < width; x++, i++) {
                    int block = row + x * GRID / width;
                    sums[block] += values[i];
                    sizes[block]++;
                }
            }
        }
        float[] blocks = new float[sums.length];
        for (int b = 0; b < blocks.length; b++) {
            // A block's mean times the root of its share of the pixels; an image narrower than the grid has empty
            // blocks.
            blocks[b] = sizes[b] == 0 ? 0 : (float) (sums[b] / Math.sqrt((double) sizes[b] * values.length));
        }
        return blocks;
    }
}

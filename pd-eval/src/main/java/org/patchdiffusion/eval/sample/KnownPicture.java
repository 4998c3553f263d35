package org.patchdiffusion.eval.sample;

import java.util.Arrays;

/**
 * A picture of which some pixels are known.
 *
 * @param channels as the model's
 * @param height rows
 * @param width columns
 * @param values {@code [C, H, W]} in the model's range -1 to 1; not copied
 * @param known {@code [H, W]}: 1 for a known pixel, 0 for one to draw, between for one to draw partly; not copied
 */
public record KnownPicture(int channels, int height, int width, float[] values, float[] known) {

    /**
     * Checks the lengths.
     *
     * @throws IllegalArgumentException if one does not fit the size, or a share is not between 0 and 1
     */
    public KnownPicture {
        if (values.length != channels * height * width || known.length != height * width) {
            throw new IllegalArgumentException("a known picture of " + channels + " channels of " + width + "x" + height
                    + " has " + values.length + " values and " + known.length + " shares");
        }
        for (float share : known) {
            if (!(share >= 0 && share <= 1)) {
                throw new IllegalArgumentException("a pixel is known by " + share + ", expected 0 to 1");
            }
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof KnownPicture that
                && channels == that.channels
                && height == that.height
                && width == that.width
                && Arrays.equals(values, that.values)
                && Arrays.equals(known, that.known);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(values) + Arrays.hashCode(known);
    }

    @Override
    public String toString() {
        return "KnownPicture[" + channels + "x" + height + "x" + width + "]";
    }
}

package org.patchdiffusion.data;

/**
 * Size of a patch in pixels.
 *
 * @param height rows
 * @param width columns
 */
public record PatchSize(int height, int width) {

    /** @throws IllegalArgumentException if a side is not positive */
    public PatchSize {
        if (height < 1 || width < 1) {
            throw new IllegalArgumentException("patch size is " + width + "x" + height + ", expected at least 1x1");
        }
    }

    /** Width x height, as people write it. */
    @Override
    public String toString() {
        return width + "x" + height;
    }
}

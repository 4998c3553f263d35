package org.patchdiffusion.data;

/**
 * Where a patch is cut from.
 *
 * @param image index of the image in the data set
 * @param flipped whether the image is mirrored left to right before it is cut
 * @param top row of the patch's first pixel
 * @param left column of the patch's first pixel
 */
public record Crop(int image, boolean flipped, int top, int left) {

    /** @throws IllegalArgumentException if a number is negative */
    public Crop {
        if (image < 0 || top < 0 || left < 0) {
            throw new IllegalArgumentException("crop of image " + image + " at row " + top + ", column " + left
                    + ", expected none of them negative");
        }
    }
}

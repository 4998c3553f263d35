package org.patchdiffusion.data.convert;

import java.util.Set;
import org.patchdiffusion.data.source.ImageDecoder;

/**
 * How to convert a data set.
 *
 * @param height rows of the converted images
 * @param width columns of the converted images
 * @param transform what to do with images of another ratio of width to height
 * @param maxImages the most images to convert, the first ones in the order of paths; {@link Integer#MAX_VALUE} for all
 * @param classes convert only images of these classes; empty converts all. Class numbers do not change
 */
public record ConvertOptions(int height, int width, Transform transform, int maxImages, Set<Integer> classes) {

    /** @throws IllegalArgumentException if a side or the number of images is not positive, or the side is too long */
    public ConvertOptions {
        if (height < 1 || width < 1 || (long) height * width > ImageDecoder.MAX_PIXELS) {
            throw new IllegalArgumentException("resolution is " + width + "x" + height + ", expected 1x1 to "
                    + ImageDecoder.MAX_PIXELS + " pixels");
        }
        if (maxImages < 1) {
            throw new IllegalArgumentException("maximum number of images is " + maxImages + ", expected at least 1");
        }
        classes = Set.copyOf(classes);
    }

    /** All images, brought to a size. */
    public static ConvertOptions to(int height, int width, Transform transform) {
        return new ConvertOptions(height, width, transform, Integer.MAX_VALUE, Set.of());
    }
}

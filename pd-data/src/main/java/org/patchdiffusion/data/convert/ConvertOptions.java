package org.patchdiffusion.data.convert;

import java.util.Set;
import org.patchdiffusion.data.source.Decoding;
import org.patchdiffusion.data.source.ImageDecoder;

/**
 * How to convert a data set.
 *
 * @param height rows of the converted images, 0 to keep the images' own size, which must then be the same for all
 * @param width columns of the converted images, 0 with {@code height}
 * @param transform what to do with images of another ratio of width to height
 * @param filter how pixels are computed
 * @param decoding channels of the converted images, and the background of transparent ones and of margins
 * @param maxImages the most images to convert, the first good ones in the order of paths; {@link Integer#MAX_VALUE} for
 *     all
 * @param classes convert only images of these classes; empty converts all. Class numbers do not change
 * @param skipBad whether to leave out images that cannot be used, and tell, instead of ending with an error
 */
public record ConvertOptions(
        int height,
        int width,
        Transform transform,
        Filter filter,
        Decoding decoding,
        int maxImages,
        Set<Integer> classes,
        boolean skipBad) {

    /** @throws IllegalArgumentException if a number is out of range, or the transform does not fit the size */
    public ConvertOptions {
        boolean keepsSize = height == 0 && width == 0;
        require(
                keepsSize || height >= 1 && width >= 1 && (long) height * width <= ImageDecoder.MAX_PIXELS,
                "resolution is " + width + "x" + height + ", expected 1x1 to " + ImageDecoder.MAX_PIXELS + " pixels");
        require(
                !keepsSize || transform == Transform.NONE,
                "the transform changes the size of images, but no resolution is given");
        require(
                transform != Transform.CENTER_CROP_WIDE || width > height,
                "center-crop-wide to " + width + "x" + height + ": expected a resolution wider than high");
        require(maxImages >= 1, "maximum number of images is " + maxImages + ", expected at least 1");
        classes = Set.copyOf(classes);
        require(
                classes.stream().allMatch(label -> label >= 0),
                "class filter names a negative class, expected 0 or more");
    }

    private static void require(boolean holds, String problem) {
        if (!holds) {
            throw new IllegalArgumentException(problem);
        }
    }

    /** All images, brought to a size as RGB with the official tool's filter. */
    public static ConvertOptions to(int height, int width, Transform transform) {
        return builder().size(height, width).transform(transform).build();
    }

    /** Options that keep everything as it is. */
    public static Builder builder() {
        return new Builder();
    }

    /** Collects options. */
    public static final class Builder {

        private int height;
        private int width;
        private Transform transform = Transform.NONE;
        private Filter filter = Filter.LANCZOS;
        private Decoding decoding = Decoding.RGB;
        private int maxImages = Integer.MAX_VALUE;
        private Set<Integer> classes = Set.of();
        private boolean skipBad;

        private Builder() {}

        public Builder size(int rows, int columns) {
            height = rows;
            width = columns;
            return this;
        }

        public Builder transform(Transform how) {
            transform = how;
            return this;
        }

        public Builder filter(Filter how) {
            filter = how;
            return this;
        }

        public Builder decoding(Decoding to) {
            decoding = to;
            return this;
        }

        public Builder maxImages(int count) {
            maxImages = count;
            return this;
        }

        public Builder classes(Set<Integer> keep) {
            classes = keep;
            return this;
        }

        public Builder skipBad(boolean skip) {
            skipBad = skip;
            return this;
        }

        /** @throws IllegalArgumentException if the options do not fit together */
        public ConvertOptions build() {
            return new ConvertOptions(height, width, transform, filter, decoding, maxImages, classes, skipBad);
        }
    }
}

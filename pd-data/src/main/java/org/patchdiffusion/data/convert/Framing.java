package org.patchdiffusion.data.convert;

import org.patchdiffusion.data.source.Decoding;
import org.patchdiffusion.data.source.PixelImage;

/**
 * Brings images to the size and ratio of a conversion.
 *
 * @param options size, transform and filter
 */
public record Framing(ConvertOptions options) {

    /**
     * The image as it is written.
     *
     * @throws IllegalArgumentException if the transform refuses it; the message continues a sentence that starts with
     *     the name of the image
     */
    public PixelImage apply(PixelImage image) {
        int height = options.height();
        int width = options.width();
        if (height == 0) {
            return image;
        }
        return switch (options.transform()) {
            case NONE -> {
                if ((long) image.height() * width != (long) image.width() * height) {
                    throw new IllegalArgumentException("is " + image.size() + ", which has another ratio than " + width
                            + "x" + height + "; use the transform center-crop or fit");
                }
                yield resize(image, height, width);
            }
            case STRETCH -> resize(image, height, width);
            case CENTER_CROP -> resize(
                    centered(
                            image,
                            Math.min(image.height(), roundedShare(image.width(), height, width)),
                            Math.min(image.width(), roundedShare(image.height(), width, height))),
                    height,
                    width);
            case CENTER_CROP_WIDE -> wide(image, height, width);
            case FIT -> fit(image, height, width);
        };
    }

    private PixelImage resize(PixelImage image, int height, int width) {
        if (image.height() == height && image.width() == width) {
            return image;
        }
        return options.filter() == Filter.LANCZOS
                ? Lanczos.resize(image, height, width)
                : AreaAverage.resize(image, height, width);
    }

    private PixelImage wide(PixelImage image, int height, int width) {
        int rows = (int) Math.rint((double) width * image.height() / image.width());
        if (image.width() < width || rows < height) {
            throw new IllegalArgumentException("is " + image.size() + ", too small for center-crop-wide to " + width
                    + "x" + height + "; use a smaller resolution, or leave such images out");
        }
        PixelImage inner = resize(centered(image, Math.min(rows, image.height()), image.width()), height, width);
        return onCanvas(inner, width, width, 0);
    }

    private PixelImage fit(PixelImage image, int height, int width) {
        int fitHeight = Math.min(height, roundedShare(width, image.height(), image.width()));
        int fitWidth = Math.min(width, roundedShare(height, image.width(), image.height()));
        return onCanvas(
                resize(image, fitHeight, fitWidth),
                height,
                width,
                options.decoding().background());
    }

    private static PixelImage centered(PixelImage image, int height, int width) {
        int top = (image.height() - height) / 2;
        int left = (image.width() - width) / 2;
        byte[] pixels = new byte[image.channels() * height * width];
        for (int c = 0; c < image.channels(); c++) {
            for (int y = 0; y < height; y++) {
                int from = (c * image.height() + top + y) * image.width() + left;
                System.arraycopy(image.pixels(), from, pixels, (c * height + y) * width, width);
            }
        }
        return new PixelImage(image.channels(), height, width, pixels);
    }

    /** The image in the middle of a larger one. */
    private static PixelImage onCanvas(PixelImage image, int height, int width, int rgb) {
        int top = (height - image.height()) / 2;
        int left = (width - image.width()) / 2;
        Decoding margins = new Decoding(image.channels(), rgb);
        return image.onCanvas(height, width, top, left, margins::backgroundSample);
    }

    private static int roundedShare(int length, int numerator, int denominator) {
        return (int) Math.max(1, Math.round((double) length * numerator / denominator));
    }
}

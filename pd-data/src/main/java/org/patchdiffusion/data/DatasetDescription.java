package org.patchdiffusion.data;

import java.util.List;
import org.patchdiffusion.files.Messages;

/**
 * What a data set holds, without its pixels.
 *
 * @param name name of the file or folder, without {@code .zip}
 * @param size number of images
 * @param channels channels of an image, 1 to 16
 * @param height rows of an image, at least 1
 * @param width columns of an image, at least 1
 * @param pixels what the elements of the images are
 * @param classes name of each class, its number where it has no name; empty without labels
 * @param fingerprint SHA-256 of paths, classes and pixels in hexadecimal: equal for equal data sets, however they are
 *     kept
 */
public record DatasetDescription(
        String name,
        int size,
        int channels,
        int height,
        int width,
        PixelType pixels,
        List<String> classes,
        String fingerprint) {

    /** The most channels that an image may have. */
    public static final int MAX_CHANNELS = 16;

    /** @throws IllegalArgumentException if a number is out of range, or an image would not fit an array */
    public DatasetDescription {
        classes = List.copyOf(classes);
        require(size >= 1, name, size + " images, expected at least 1");
        require(
                channels >= 1 && channels <= MAX_CHANNELS,
                name,
                "images of " + channels + " channels, expected 1 to " + MAX_CHANNELS);
        require(height >= 1 && width >= 1, name, "images of " + width + "x" + height + ", expected at least 1x1");
        require(
                (long) height * width <= Integer.MAX_VALUE / Float.BYTES / channels,
                name,
                "images of " + width + "x" + height + " with " + channels + " channels, which are too large");
    }

    private static void require(boolean holds, String name, String problem) {
        if (!holds) {
            throw new IllegalArgumentException("the data set " + name + " has " + problem);
        }
    }

    /** Bytes of an image. */
    public int imageBytes() {
        return channels * height * width * pixels.bytes();
    }

    /** Number of classes, 0 without labels: the length of a one-hot label. */
    public int labelDim() {
        return classes.size();
    }

    /** For people: name, number of images, their form, and classes if there are. */
    @Override
    public String toString() {
        return name + ": " + Messages.count(size, "image") + " of " + width + "x" + height + " with "
                + Messages.count(channels, "channel") + (pixels == PixelType.FLOAT32 ? " of float32" : "")
                + (classes.isEmpty() ? "" : ", " + Messages.count(classes.size(), "class", "classes"));
    }
}

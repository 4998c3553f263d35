package org.patchdiffusion.data;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A data set of images of one size, all in memory as uint8. Safe for use by many threads.
 *
 * <p>On disk: a folder or a zip of PNG and JPEG files in any sub-folders, in the order of their paths, with an optional
 * {@code dataset.json} of classes at the top, as EDM and StyleGAN tools write it.
 */
public interface ImageDataset extends AutoCloseable {

    /** Name of the file or folder, without {@code .zip}. */
    String name();

    /** Number of images. */
    int size();

    /** Rows of an image. */
    int height();

    /** Columns of an image. */
    int width();

    /** Colour channels: 3. */
    int channels();

    /** Number of classes, 0 without labels: the length of a one-hot label. */
    int labelDim();

    /**
     * Pixels of an image, uint8 of layout [channels, height, width]. May be the array that the data set itself holds:
     * do not write to it.
     *
     * @throws IndexOutOfBoundsException if index is not in 0 to size - 1
     */
    byte[] image(int index);

    /**
     * Class of an image, -1 without labels.
     *
     * @throws IndexOutOfBoundsException if index is not in 0 to size - 1
     */
    int label(int index);

    /** SHA-256 of names, classes and pixels in hexadecimal: equal for equal data sets. */
    String fingerprint();

    /** Lets go of the images. */
    @Override
    void close();

    /**
     * Opens a whole data set without labels.
     *
     * @throws IOException see {@link #open(Path, DatasetOptions, ProgressListener)}
     */
    static ImageDataset open(Path zipOrFolder) throws IOException {
        return open(zipOrFolder, DatasetOptions.ALL, ProgressListener.NONE);
    }

    /**
     * Opens a data set: reads and decodes every image that the options keep, on all cores.
     *
     * <p>Gray and palette images become RGB, 16-bit samples 8-bit, and transparent images are composited on white.
     *
     * @param progress hears the number of images decoded
     * @throws IOException if the path is missing or holds no images, an image is damaged, too large or differs in size
     *     from the first one, labels are asked for and missing, or do not fit the images, or the images do not fit the
     *     memory; the message says which file and what to do
     */
    static ImageDataset open(Path zipOrFolder, DatasetOptions options, ProgressListener progress) throws IOException {
        ImageDataset images = MemoryDataset.open(zipOrFolder, options, progress);
        return options.xflip() ? new MirroredDataset(images) : images;
    }
}

package org.patchdiffusion.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Images of one size with their classes: a {@link DatasetDescription}, the class of each image, and a {@link PixelReader}.
 * Safe for use by many threads.
 *
 * <p>On disk: a folder or a zip of images in any sub-folders, in the order of their paths, with an optional
 * {@code dataset.json} of classes at the top, as EDM and StyleGAN tools write it.
 */
public final class ImageDataset implements AutoCloseable {

    private final DatasetDescription description;
    private final int[] labels;
    private final PixelReader pixels;
    private final IntFunction<String> names;
    private final List<String> remarks;

    private ImageDataset(
            DatasetDescription description,
            int[] labels,
            PixelReader pixels,
            IntFunction<String> names,
            List<String> remarks) {
        this.description = description;
        this.labels = labels;
        this.pixels = pixels;
        this.names = names;
        this.remarks = remarks;
    }

    /**
     * A data set of any kind.
     *
     * @param description an empty fingerprint is replaced by that of the content, for which every image is read
     * @param labels class of each image; null if the description has no classes
     * @param pixels reads the images; closed with the data set
     * @throws IllegalArgumentException if the labels do not fit the description
     */
    public static ImageDataset of(DatasetDescription description, int[] labels, PixelReader pixels) {
        requireLabels(description.name(), description.size(), labels, description.labelDim());
        int[] own = labels == null ? null : labels.clone();
        DatasetDescription whole = description.fingerprint().isEmpty()
                ? DatasetContent.withFingerprint(description, DatasetContent.fingerprint(description, own, pixels))
                : description;
        return new ImageDataset(whole, own, pixels, i -> "image " + i, List.of());
    }

    /** The same data set, as it was read: its images have names, and something may have been left out. */
    ImageDataset asRead(List<String> paths, List<String> leftOut) {
        return new ImageDataset(description, labels, pixels, paths::get, leftOut);
    }

    /**
     * Images in memory.
     *
     * @param images uint8 [channels, height, width] each; kept, not copied
     * @param labels class of each image; null without classes
     * @param classes names of the classes; empty without classes
     * @throws IllegalArgumentException if an image or the labels do not fit
     */
    public static ImageDataset ofBytes(
            String name, int channels, int height, int width, List<byte[]> images, int[] labels, List<String> classes) {
        return DatasetContent.of(name, channels, height, width, PixelType.UINT8, images, labels, classes);
    }

    /**
     * Values in memory that the network sees as they are, such as latents.
     *
     * @param images float32 [channels, height, width] each; copied
     * @param labels class of each image; null without classes
     * @param classes names of the classes; empty without classes
     * @throws IllegalArgumentException if an image or the labels do not fit
     */
    public static ImageDataset ofFloats(
            String name,
            int channels,
            int height,
            int width,
            List<float[]> images,
            int[] labels,
            List<String> classes) {
        List<byte[]> bytes = images.stream().map(DatasetContent::bytes).toList();
        return DatasetContent.of(name, channels, height, width, PixelType.FLOAT32, bytes, labels, classes);
    }

    /**
     * Opens a whole data set without labels.
     *
     * @throws IOException see {@link #open(Path, DatasetOptions, ProgressListener)}
     */
    public static ImageDataset open(Path zipOrFolder) throws IOException {
        return open(zipOrFolder, DatasetOptions.ALL, ProgressListener.NONE);
    }

    /**
     * Opens a data set: reads and decodes every image that the options keep, on all cores, unless a cache on disk holds
     * them already.
     *
     * <p>Images come as a viewer shows them (see {@link org.patchdiffusion.data.source.ImageDecoder}), in the channels that
     * {@code dataset.json} declares, else as RGB on white.
     *
     * @param progress hears the number of images decoded
     * @throws IOException if the path is missing or holds no images, an image is damaged, too large or differs in size
     *     from the first one, labels are asked for and missing, or do not fit the images, or the images do not fit the
     *     place where they are to be kept; the message says which file and what to do
     */
    public static ImageDataset open(Path zipOrFolder, DatasetOptions options, ProgressListener progress)
            throws IOException {
        return DatasetOpener.open(zipOrFolder, options, progress);
    }

    /**
     * Whether a folder or zip comes with labels, whether they are used or not.
     *
     * @throws IOException if the path is missing, or neither a folder nor a zip
     */
    public static boolean hasLabels(Path zipOrFolder) throws IOException {
        return DatasetOpener.hasLabels(zipOrFolder);
    }

    static void requireLabels(String name, int size, int[] labels, int classes) {
        if ((labels == null) != (classes == 0)) {
            throw new IllegalArgumentException(
                    name + ": " + classes + " classes, but " + (labels == null ? "no labels" : "labels"));
        }
        if (labels != null && labels.length != size) {
            throw new IllegalArgumentException(name + ": " + labels.length + " labels for " + size + " images");
        }
        for (int label : labels == null ? new int[0] : labels) {
            if (label < 0 || label >= classes) {
                throw new IllegalArgumentException(
                        name + ": an image of class " + label + ", expected 0 to " + (classes - 1));
            }
        }
    }

    /** Reads its pixels. */
    PixelReader reader() {
        return pixels;
    }

    /** What the data set holds. */
    public DatasetDescription description() {
        return description;
    }

    /** Name of the file or folder, without {@code .zip}. */
    public String name() {
        return description.name();
    }

    /** Number of images. */
    public int size() {
        return description.size();
    }

    /** Channels of an image. */
    public int channels() {
        return description.channels();
    }

    /** Rows of an image. */
    public int height() {
        return description.height();
    }

    /** Columns of an image. */
    public int width() {
        return description.width();
    }

    /** Number of classes, 0 without labels: the length of a one-hot label. */
    public int labelDim() {
        return description.labelDim();
    }

    /** SHA-256 of paths, classes and pixels in hexadecimal: equal for equal data sets. */
    public String fingerprint() {
        return description.fingerprint();
    }

    /**
     * The pixels of an image as the reader gives them: see {@link PixelReader#read}.
     *
     * @throws IndexOutOfBoundsException if index is not in 0 to size - 1
     */
    public ByteBuffer read(int index) {
        return pixels.read(Objects.checkIndex(index, size()));
    }

    /**
     * A copy of the pixels of an image, uint8 of layout [channels, height, width].
     *
     * @throws IndexOutOfBoundsException if index is not in 0 to size - 1
     * @throws IllegalStateException if the elements are not uint8
     */
    public byte[] image(int index) {
        if (description.pixels() != PixelType.UINT8) {
            throw new IllegalStateException(name() + ": its images are float32; read them as values");
        }
        byte[] bytes = new byte[description.imageBytes()];
        read(index).get(bytes);
        return bytes;
    }

    /**
     * A copy of an image as the network sees it, layout [channels, height, width]: uint8 samples scaled by
     * {@code v / 127.5 - 1}, float32 values as they are.
     *
     * @throws IndexOutOfBoundsException if index is not in 0 to size - 1
     */
    public float[] values(int index) {
        ByteBuffer image = read(index);
        float[] values = new float[channels() * height() * width()];
        if (description.pixels() == PixelType.FLOAT32) {
            image.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
            return values;
        }
        for (int i = 0; i < values.length; i++) {
            values[i] = PatchCropper.toNetwork(image.get(i));
        }
        return values;
    }

    /**
     * Name of an image for people: its path in the folder or zip, or {@code image 7}.
     *
     * @throws IndexOutOfBoundsException if index is not in 0 to size - 1
     */
    public String nameOf(int index) {
        return names.apply(Objects.checkIndex(index, size()));
    }

    /**
     * Class of an image, -1 without labels.
     *
     * @throws IndexOutOfBoundsException if index is not in 0 to size - 1
     */
    public int label(int index) {
        Objects.checkIndex(index, size());
        return labels == null ? -1 : labels[index];
    }

    /**
     * Some images, in the order given. Its fingerprint follows from this one's and the indices. It reads through this
     * data set: closing it closes nothing, and it ends with this one.
     *
     * @param indices 0 to size - 1, at least one; an image may occur more than once
     * @throws IllegalArgumentException if there are none
     * @throws IndexOutOfBoundsException if one is out of range
     */
    public ImageDataset subset(int... indices) {
        if (indices.length == 0) {
            throw new IllegalArgumentException(name() + ": a subset of no images, expected at least 1");
        }
        for (int index : indices) {
            Objects.checkIndex(index, size());
        }
        String fingerprint = Fingerprint.of(digest -> {
            digest.text("subset").text(fingerprint()).number(indices.length);
            Arrays.stream(indices).forEach(digest::number);
        });
        DatasetDescription part = new DatasetDescription(
                name(),
                indices.length,
                channels(),
                height(),
                width(),
                description.pixels(),
                description.classes(),
                fingerprint);
        int[] own = labels == null
                ? null
                : Arrays.stream(indices).map(i -> labels[i]).toArray();
        int[] kept = indices.clone();
        return new ImageDataset(part, own, new Part(pixels, kept), i -> names.apply(kept[i]), remarks);
    }

    /**
     * Splits at random into a part to train on and one to hold out; each keeps the order of the images.
     *
     * @param fraction share of the images to hold out, above 0 and below 1; rounded so that both parts have an image
     * @param seed decides which
     * @throws IllegalArgumentException if the fraction is out of range, or there is only one image
     */
    public DatasetSplit split(double fraction, long seed) {
        if (!(fraction > 0 && fraction < 1)) {
            throw new IllegalArgumentException(
                    "share of images to hold out is " + fraction + ", expected above 0 and below 1");
        }
        if (size() < 2) {
            throw new IllegalArgumentException(name() + ": has one image, which cannot be split");
        }
        int held = Math.max(1, Math.min(size() - 1, (int) Math.round(fraction * size())));
        int[] shuffled = ShuffledOrder.shuffle(size(), RandomStream.of(seed, Purpose.SUBSET, 0, 0));
        int[] out = Arrays.stream(shuffled, 0, held).sorted().toArray();
        int[] in = Arrays.stream(shuffled, held, size()).sorted().toArray();
        return new DatasetSplit(subset(in), subset(out));
    }

    /** Every n-th image, from the n-th on, as the held-out part; the rest to train on. */
    public DatasetSplit everyNth(int n) {
        if (n < 2 || n > size()) {
            throw new IllegalArgumentException(name() + ": every " + n + "th image held out, expected 2 to " + size());
        }
        return new DatasetSplit(
                subset(IntStream.range(0, size()).filter(i -> i % n != n - 1).toArray()),
                subset(IntStream.range(0, size()).filter(i -> i % n == n - 1).toArray()));
    }

    /** For people: a line on each kind of file beside the images that was passed over when they were read. */
    public List<String> remarks() {
        return remarks;
    }

    /** Where the pixels are kept, in a few words for people, such as {@code in memory}. */
    public String place() {
        return pixels.place();
    }

    /** How many threads are of use in making batches of it. */
    public int threads() {
        return pixels.threads();
    }

    /** For people: what it holds and where its pixels are kept. */
    @Override
    public String toString() {
        return description + ", " + place();
    }

    /** Lets go of the images. */
    @Override
    public void close() {
        pixels.close();
    }
}

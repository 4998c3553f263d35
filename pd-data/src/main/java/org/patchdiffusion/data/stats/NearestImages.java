package org.patchdiffusion.data.stats;

import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.data.ImageDataset;

/**
 * Finds how near any image of a data set comes to others: what tells copies of training images from new ones. A difference
 * is the root mean square over all values, which are in [-1, 1]: 2 between black and white, 0 between equal images.
 */
public final class NearestImages {

    /** Bytes of pixels that are held at once, as float64. */
    private static final long BLOCK_BYTES = 64L << 20;

    /** Values of all images that are looked through: what keeps a search within seconds. */
    private static final long MOST_VALUES = 1L << 28;

    private static final int LEAST_IMAGES = 16;

    private final ImageDataset dataset;
    private final int[] indices;
    private final int values;

    private NearestImages(ImageDataset dataset, int[] indices) {
        this.dataset = dataset;
        this.indices = indices;
        this.values = dataset.channels() * dataset.height() * dataset.width();
    }

    /**
     * Searches a data set: all of it, or as many of its images, drawn at random, as can be looked through within seconds.
     *
     * @param seed decides which
     */
    public static NearestImages among(ImageDataset dataset, long seed) {
        long values = (long) dataset.channels() * dataset.height() * dataset.width();
        int affordable = (int) Math.min(dataset.size(), Math.max(LEAST_IMAGES, MOST_VALUES / values));
        return new NearestImages(dataset, Sample.of(dataset.size(), affordable, seed));
    }

    /** How many images can be asked for at a time: what keeps them within some 64 MiB. */
    public int mostQueries() {
        return (int) Math.max(LEAST_IMAGES, BLOCK_BYTES / Double.BYTES / values);
    }

    /** Number of images that are looked through. */
    public int size() {
        return indices.length;
    }

    /**
     * The difference of each image to the nearest one of the data set.
     *
     * @param images values in [-1, 1] of layout [channels, height, width] each, at most {@link #mostQueries}
     * @throws IllegalArgumentException if there are none or too many, or one is of another size
     */
    public double[] differences(List<float[]> images) {
        if (images.isEmpty() || images.size() > mostQueries()) {
            throw new IllegalArgumentException(
                    "got " + images.size() + " images to find the nearest to, expected 1 to " + mostQueries());
        }
        for (float[] image : images) {
            if (image.length != values) {
                throw new IllegalArgumentException("got an image of " + image.length
                        + " values to find the nearest to, expected " + values + " as in " + dataset.name());
            }
        }
        double[] nearest = new double[images.size()];
        Arrays.fill(nearest, Double.POSITIVE_INFINITY);
        double[] squares = images.stream().mapToDouble(NearestImages::square).toArray();
        int rows = (int) Math.max(1, BLOCK_BYTES / Double.BYTES / values);
        try (INDArray queries = matrix(images)) {
            for (int from = 0; from < indices.length; from += rows) {
                int to = Math.min(indices.length, from + rows);
                lower(nearest, queries, squares, read(from, to));
            }
        }
        return Arrays.stream(nearest)
                .map(square -> Math.sqrt(Math.max(0, square) / values))
                .toArray();
    }

    private List<float[]> read(int from, int to) {
        return Arrays.stream(indices, from, to)
                .parallel()
                .mapToObj(dataset::values)
                .toList();
    }

    /** |a - b|² = |a|² + |b|² - 2ab for all pairs at once, in float64 since it is a small difference of large numbers. */
    private void lower(double[] nearest, INDArray queries, double[] squares, List<float[]> block) {
        double[] blockSquares =
                block.stream().mapToDouble(NearestImages::square).toArray();
        double[] products;
        try (INDArray candidates = matrix(block);
                INDArray product = queries.mmul(candidates.transpose())) {
            try (INDArray rows = product.dup('c')) {
                products = rows.data().asDouble();
            }
        }
        for (int q = 0; q < nearest.length; q++) {
            for (int c = 0; c < blockSquares.length; c++) {
                double distance = squares[q] + blockSquares[c] - 2 * products[q * blockSquares.length + c];
                nearest[q] = Math.min(nearest[q], distance);
            }
        }
    }

    private INDArray matrix(List<float[]> images) {
        double[] all = new double[Math.multiplyExact(images.size(), values)];
        for (int i = 0; i < images.size(); i++) {
            float[] image = images.get(i);
            for (int k = 0; k < values; k++) {
                all[i * values + k] = image[k];
            }
        }
        return Nd4j.create(all, new long[] {images.size(), values}, 'c').castTo(DataType.DOUBLE);
    }

    private static double square(float[] image) {
        double sum = 0;
        for (float value : image) {
            sum += (double) value * value;
        }
        return sum;
    }
}

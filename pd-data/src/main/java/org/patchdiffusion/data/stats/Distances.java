package org.patchdiffusion.data.stats;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.data.ImageDataset;

/**
 * Euclidean distances between images.
 *
 * @param images number of images compared, each with each
 * @param pairwise distances of all pairs
 * @param nearest distance of each image to the one nearest to it
 */
public record Distances(int images, Distribution pairwise, Distribution nearest) {

    /** Bytes of pixels that are held at once, as float64. */
    private static final long BLOCK_BYTES = 64L << 20;

    /** Values of the whole sample: what keeps a matrix product of the images with themselves within seconds. */
    private static final long MOST_VALUES = 1L << 26;

    private static final int LEAST_IMAGES = 16;

    /** How many images of a number of values are affordable, of those wanted. */
    static int affordable(int wanted, int valuesOfAnImage) {
        return (int) Math.min(wanted, Math.max(LEAST_IMAGES, MOST_VALUES / valuesOfAnImage));
    }

    /** @throws IllegalArgumentException if there are fewer than two images */
    static Distances of(ImageDataset dataset, int[] sample) {
        int n = sample.length;
        if (n < 2) {
            throw new IllegalArgumentException(dataset.name() + ": distances of " + n + " image, expected at least 2");
        }
        double[] products = products(dataset, sample);
        double[] pairwise = new double[n * (n - 1) / 2];
        double[] nearest = new double[n];
        Arrays.fill(nearest, Double.POSITIVE_INFINITY);
        for (int i = 0, pair = 0; i < n; i++) {
            for (int j = 0; j < i; j++) {
                double square = products[i * n + i] + products[j * n + j] - 2 * products[i * n + j];
                double distance = Math.sqrt(Math.max(0, square));
                pairwise[pair++] = distance;
                nearest[i] = Math.min(nearest[i], distance);
                nearest[j] = Math.min(nearest[j], distance);
            }
        }
        return new Distances(n, Distribution.of(pairwise), Distribution.of(nearest));
    }

    /** The inner products of all images with each other, [n, n], in float64 since distances are small differences of them. */
    private static double[] products(ImageDataset dataset, int[] sample) {
        int n = sample.length;
        int values = dataset.channels() * dataset.height() * dataset.width();
        float[][] images =
                Arrays.stream(sample).parallel().mapToObj(dataset::values).toArray(float[][]::new);
        int columns = (int) Math.max(1, Math.min(values, BLOCK_BYTES / Double.BYTES / n));
        try (INDArray sum = Nd4j.create(DataType.DOUBLE, new long[] {n, n}, 'c')) {
            for (int from = 0; from < values; from += columns) {
                int width = Math.min(columns, values - from);
                double[] block = new double[n * width];
                for (int i = 0; i < n; i++) {
                    for (int k = 0; k < width; k++) {
                        block[i * width + k] = images[i][from + k];
                    }
                }
                try (INDArray part = Nd4j.create(block, new long[] {n, width}, 'c');
                        INDArray product = part.mmul(part.transpose())) {
                    sum.addi(product);
                }
            }
            return sum.data().asDouble();
        }
    }
}

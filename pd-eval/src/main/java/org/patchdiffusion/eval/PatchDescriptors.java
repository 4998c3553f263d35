package org.patchdiffusion.eval;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.data.Purpose;
import org.patchdiffusion.data.RandomStream;

/**
 * Random 7x7 neighbourhoods from one pyramid level of every image of a set, and their projections.
 *
 * <p>The descriptors lie off the heap, in matrices of some images each: the products read them many times.
 */
final class PatchDescriptors implements AutoCloseable {
    /** Side of a neighbourhood. */
    static final int SIDE = 7;

    private static final int AREA = SIDE * SIDE;
    private static final int IMAGES_PER_MATRIX = 16;

    private final int channels;
    private final int count;
    private final List<INDArray> matrices = new ArrayList<>();
    private final double[] sum;
    private final double[] squares;

    /**
     * Samples a level.
     *
     * @param level 0 is the image's own resolution
     * @param levels levels of the pyramid
     */
    PatchDescriptors(Images images, int level, int levels, int patchesPerImage, long seed) {
        channels = images.channels();
        count = Math.multiplyExact(images.count(), patchesPerImage);
        sum = new double[channels];
        squares = new double[channels];
        for (int first = 0; first < images.count(); first += IMAGES_PER_MATRIX) {
            int end = Math.min(images.count(), first + IMAGES_PER_MATRIX);
            int imageLength = patchesPerImage * channels * AREA;
            float[] tile = new float[(end - first) * imageLength];
            int offset = first;
            IntStream.range(first, end).parallel().forEach(n -> {
                List<LaplacianPyramid.Plane> planes = planes(images, n, level, levels);
                // Keyed by content, not by place in the set: the order of the images does not matter then.
                RandomStream random = RandomStream.of(
                        seed,
                        Purpose.PROJECTION,
                        2L * level + 1,
                        checksum(images.pixels().get(n)));
                copyPatches(planes, random, patchesPerImage, tile, (n - offset) * imageLength);
            });
            measure(tile);
            matrices.add(Nd4j.createFromArray(tile));
        }
    }

    private static List<LaplacianPyramid.Plane> planes(Images images, int image, int level, int levels) {
        return IntStream.range(0, images.channels())
                .mapToObj(c ->
                        LaplacianPyramid.build(plane(images, image, c), levels).get(level))
                .toList();
    }

    private static LaplacianPyramid.Plane plane(Images images, int image, int channel) {
        int size = images.height() * images.width();
        byte[] pixels = images.pixels().get(image);
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = pixels[channel * size + i] & 0xFF;
        }
        return new LaplacianPyramid.Plane(images.height(), images.width(), values);
    }

    private static long checksum(byte[] pixels) {
        CRC32 checksum = new CRC32();
        checksum.update(pixels);
        return checksum.getValue();
    }

    private static void copyPatches(
            List<LaplacianPyramid.Plane> planes, RandomStream random, int patches, float[] target, int offset) {
        int height = planes.get(0).height();
        int width = planes.get(0).width();
        int to = offset;
        for (int p = 0; p < patches; p++) {
            int top = random.nextInt(height - SIDE + 1);
            int left = random.nextInt(width - SIDE + 1);
            for (LaplacianPyramid.Plane plane : planes) {
                for (int y = top; y < top + SIDE; y++) {
                    System.arraycopy(plane.values(), y * width + left, target, to, SIDE);
                    to += SIDE;
                }
            }
        }
    }

    private void measure(float[] tile) {
        for (int from = 0; from < tile.length; from += AREA) {
            double s = 0;
            double q = 0;
            for (int i = from; i < from + AREA; i++) {
                s += tile[i];
                q += (double) tile[i] * tile[i];
            }
            int channel = from / AREA % channels;
            sum[channel] += s;
            squares[channel] += q;
        }
    }

    private double mean(int channel) {
        return sum[channel] / ((double) count * AREA);
    }

    /** Inverse standard deviation of a channel over the set; a constant channel keeps scale 1. */
    private double scale(int channel) {
        double variance = squares[channel] / ((double) count * AREA) - mean(channel) * mean(channel);
        // Below this the variance is rounding noise of values up to 255.
        return variance > 1e-6 ? 1 / Math.sqrt(variance) : 1;
    }

    /**
     * Projects every descriptor, normalised by the mean and standard deviation of each channel over the set.
     *
     * @param directions unit vectors {@code [D][channels * 49]}
     * @return {@code [D][number of descriptors]}
     */
    float[][] project(double[][] directions) {
        // The normalisation is linear: it goes into the directions, the descriptors stay as they are.
        float[][] weights = new float[channels * AREA][directions.length];
        float[] shifts = new float[directions.length];
        for (int d = 0; d < directions.length; d++) {
            double shift = 0;
            for (int k = 0; k < weights.length; k++) {
                weights[k][d] = (float) (directions[d][k] * scale(k / AREA));
                shift += weights[k][d] * mean(k / AREA);
            }
            shifts[d] = (float) shift;
        }
        float[][] projections = new float[directions.length][count];
        try (INDArray columns = Nd4j.createFromArray(weights)) {
            int from = 0;
            for (INDArray matrix : matrices) {
                from += multiply(matrix, columns, shifts, projections, from);
            }
        }
        return projections;
    }

    /** Projects the descriptors of one matrix to places {@code from} on; returns how many these are. */
    private int multiply(INDArray matrix, INDArray columns, float[] shifts, float[][] projections, int from) {
        int rows = Math.toIntExact(matrix.length() / columns.size(0));
        try (INDArray product = Nd4j.create(DataType.FLOAT, new long[] {rows, columns.size(1)}, 'f')) {
            matrix.reshape(rows, columns.size(0)).mmuli(columns, product);
            FloatBuffer values = product.data().asNioFloat();
            for (int d = 0; d < projections.length; d++) {
                float[] projected = projections[d];
                values.position(d * rows).get(projected, from, rows);
                for (int i = from; i < from + rows; i++) {
                    projected[i] -= shifts[d];
                }
            }
        }
        return rows;
    }

    @Override
    public void close() {
        matrices.forEach(INDArray::close);
    }
}

package org.patchdiffusion.eval;

import java.util.ArrayList;
import java.util.List;

/**
 * Laplacian pyramid (Burt and Adelson 1983) of planes, with the 5-tap binomial filter [1 4 6 4 1] / 16 and mirrored
 * borders (the edge pixel is not repeated).
 */
final class LaplacianPyramid {
    /** The pyramid ends before a side would fall below this many pixels (Karras et al. 2018, Section 5). */
    static final int SMALLEST_SIDE = 16;

    private static final float[] BINOMIAL = {1 / 16f, 4 / 16f, 6 / 16f, 4 / 16f, 1 / 16f};

    private LaplacianPyramid() {}

    /**
     * One channel at one scale.
     *
     * @param values {@code [height, width]}, row-major
     */
    record Plane(int height, int width, float[] values) {}

    /** Number of levels of an image; the first one has its own size, each further one half of it, rounded up. */
    static int levels(int height, int width) {
        int levels = 1;
        for (int side = Math.min(height, width); side / 2 >= SMALLEST_SIDE; side = (side + 1) / 2) {
            levels++;
        }
        return levels;
    }

    /** The levels from fine to coarse: differences between scales, and what is left at the coarsest. */
    static List<Plane> build(Plane image, int levels) {
        List<Plane> pyramid = new ArrayList<>();
        Plane scale = image;
        for (int level = 0; level < levels - 1; level++) {
            Plane half = halve(scale);
            Plane smooth = enlarge(half, scale.height, scale.width);
            float[] difference = new float[scale.values.length];
            for (int i = 0; i < difference.length; i++) {
                difference[i] = scale.values[i] - smooth.values[i];
            }
            pyramid.add(new Plane(scale.height, scale.width, difference));
            scale = half;
        }
        pyramid.add(scale);
        return pyramid;
    }

    /** The image that a pyramid was built from. */
    static Plane reconstruct(List<Plane> pyramid) {
        Plane image = pyramid.get(pyramid.size() - 1);
        for (int level = pyramid.size() - 2; level >= 0; level--) {
            Plane difference = pyramid.get(level);
            Plane smooth = enlarge(image, difference.height, difference.width);
            float[] sum = new float[smooth.values.length];
            for (int i = 0; i < sum.length; i++) {
                sum[i] = smooth.values[i] + difference.values[i];
            }
            image = new Plane(difference.height, difference.width, sum);
        }
        return image;
    }

    /** Blurs and keeps every second row and column, starting with the first. */
    static Plane halve(Plane image) {
        Plane smooth = blur(image, 1);
        int height = (image.height + 1) / 2;
        int width = (image.width + 1) / 2;
        float[] half = new float[height * width];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                half[y * width + x] = smooth.values[2 * y * image.width + 2 * x];
            }
        }
        return new Plane(height, width, half);
    }

    /** Puts zeros between rows and columns, then blurs; the factor makes up for the zeros. */
    static Plane enlarge(Plane half, int height, int width) {
        float[] spread = new float[height * width];
        for (int y = 0; y < half.height; y++) {
            for (int x = 0; x < half.width; x++) {
                spread[2 * y * width + 2 * x] = half.values[y * half.width + x];
            }
        }
        return blur(new Plane(height, width, spread), 4);
    }

    private static Plane blur(Plane image, float factor) {
        int height = image.height;
        int width = image.width;
        float[] rows = new float[height * width];
        float[] result = new float[height * width];
        for (int tap = 0; tap < BINOMIAL.length; tap++) {
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    rows[y * width + x] += BINOMIAL[tap] * image.values[y * width + mirror(x + tap - 2, width)];
                }
            }
        }
        for (int tap = 0; tap < BINOMIAL.length; tap++) {
            for (int y = 0; y < height; y++) {
                int source = mirror(y + tap - 2, height) * width;
                for (int x = 0; x < width; x++) {
                    result[y * width + x] += factor * BINOMIAL[tap] * rows[source + x];
                }
            }
        }
        return new Plane(height, width, result);
    }

    private static int mirror(int index, int length) {
        int inside = Math.abs(index);
        return inside < length ? inside : 2 * (length - 1) - inside;
    }
}

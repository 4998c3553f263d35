package org.patchdiffusion.data.stats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.patchdiffusion.data.ImageDataset;

class NearestImagesTest {
    private static final int SIDE = 4;

    private static ImageDataset dataset(List<float[]> images) {
        return ImageDataset.ofFloats("some", 1, SIDE, SIDE, images, null, List.of());
    }

    private static List<float[]> random(int count, Random random) {
        List<float[]> images = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            float[] image = new float[SIDE * SIDE];
            for (int k = 0; k < image.length; k++) {
                image[k] = 2 * random.nextFloat() - 1;
            }
            images.add(image);
        }
        return images;
    }

    @Test
    void blackAndWhiteDifferByTwoAndACopyByNothing() {
        float[] black = new float[SIDE * SIDE];
        float[] white = new float[SIDE * SIDE];
        java.util.Arrays.fill(black, -1);
        java.util.Arrays.fill(white, 1);
        NearestImages nearest = NearestImages.among(dataset(List.of(black)), 0);
        assertEquals(1, nearest.size());
        double[] differences = nearest.differences(List.of(white, black));
        assertEquals(2, differences[0], 1e-12);
        assertEquals(0, differences[1], 1e-7);
    }

    @Property(tries = 20)
    void itIsTheLeastDifferenceToAnyImage(
            @ForAll @IntRange(min = 1, max = 40) int size,
            @ForAll @IntRange(min = 1, max = 10) int queries,
            @ForAll long seed) {
        Random random = new Random(seed);
        List<float[]> images = random(size, random);
        List<float[]> asked = random(queries, random);
        double[] found = NearestImages.among(dataset(images), 0).differences(asked);
        for (int q = 0; q < queries; q++) {
            double least = Double.POSITIVE_INFINITY;
            for (float[] image : images) {
                double sum = 0;
                for (int k = 0; k < image.length; k++) {
                    double difference = (double) asked.get(q)[k] - image[k];
                    sum += difference * difference;
                }
                least = Math.min(least, Math.sqrt(sum / image.length));
            }
            assertEquals(least, found[q], 1e-6);
        }
    }

    @Test
    void anImageOfAnotherSizeIsRefused() {
        NearestImages nearest = NearestImages.among(dataset(random(3, new Random(1))), 0);
        String message = assertThrows(IllegalArgumentException.class, () -> nearest.differences(List.of(new float[5])))
                .getMessage();
        assertEquals("got an image of 5 values to find the nearest to, expected 16 as in some", message);
        assertThrows(IllegalArgumentException.class, () -> nearest.differences(List.of()));
    }
}

package org.patchdiffusion.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;

class DropoutMasksTest {
    private static final double P = 0.13;

    private static Map<String, long[]> shapes(int batch) {
        Map<String, long[]> shapes = new TreeMap<>();
        shapes.put("dropout/a", new long[] {batch, 8, 16, 16});
        shapes.put("dropout/b", new long[] {batch, 4, 8, 8});
        return shapes;
    }

    @Test
    void dropsTheAskedShareAndKeepsTheMean() {
        float[] mask =
                DropoutMasks.draw(shapes(32), P, 1, 2).get("dropout/a").data().asFloat();
        long dropped = 0;
        for (float value : mask) {
            assertEquals(value == 0 ? 0 : 1 / (1 - P), value, 1e-7);
            dropped += value == 0 ? 1 : 0;
        }
        // Five standard deviations of a binomial share.
        assertEquals(P, dropped / (double) mask.length, 5 * Math.sqrt(P * (1 - P) / mask.length));
    }

    @Test
    void maskOfAnImageDoesNotDependOnTheBatch() {
        INDArray two = DropoutMasks.draw(shapes(2), P, 1, 2).get("dropout/b");
        INDArray one = DropoutMasks.draw(shapes(1), P, 1, 2).get("dropout/b");
        float[] first = Arrays.copyOf(two.data().asFloat(), (int) one.length());
        assertArrayEquals(one.data().asFloat(), first);
    }

    @Test
    void stepsImagesAndMasksDiffer() {
        Map<String, long[]> shapes = new TreeMap<>();
        shapes.put("dropout/a", new long[] {2, 4, 8, 8});
        shapes.put("dropout/b", new long[] {2, 4, 8, 8});
        Map<String, INDArray> masks = DropoutMasks.draw(shapes, P, 1, 2);
        Map<String, INDArray> later = DropoutMasks.draw(shapes, P, 1, 3);
        float[] a = masks.get("dropout/a").data().asFloat();
        assertFalse(Arrays.equals(a, masks.get("dropout/b").data().asFloat()));
        assertFalse(Arrays.equals(a, later.get("dropout/a").data().asFloat()));
        assertFalse(Arrays.equals(Arrays.copyOf(a, 256), Arrays.copyOfRange(a, 256, 512)));
    }
}

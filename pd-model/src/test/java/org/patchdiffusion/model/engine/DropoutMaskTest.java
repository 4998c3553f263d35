package org.patchdiffusion.model.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class DropoutMaskTest {
    private static final int N = 1 << 18;

    private static float[] mask(long seed, long step, int layer, int image, double rate) {
        float[] mask = new float[N];
        DropoutMask.fill(seed, step, layer, image, rate, 0, mask, N);
        return mask;
    }

    /** Written out once by a program in another language, so that masks never change between versions or machines. */
    @Test
    void hasTheValuesOfTheReference() {
        assertEquals(0xfd4723adbe5b2603L, DropoutMask.key(42, 1000, 3, 5));
        assertEquals(0x92a152cb66af0c17L, DropoutMask.key(-1, 0, 0, 0));
        assertEquals(List.of(3, 17, 25, 38, 44, 48, 56, 61, 64, 70, 75, 76, 78, 80, 83), dropped(0.13, 0, 100));
        assertEquals(List.of(4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 16, 23, 24, 26, 27, 29), dropped(0.5, 100_000, 32));
    }

    private static List<Integer> dropped(double rate, int firstPlace, int n) {
        float[] mask = new float[n];
        DropoutMask.fill(42, 1000, 3, 5, rate, firstPlace, mask, n);
        return IntStream.range(0, n).filter(i -> mask[i] == 0).boxed().toList();
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.01, 0.1, 0.13, 0.5, 0.9})
    void dropsTheAskedShareAndKeepsTheMean(double rate) {
        for (int layer = 0; layer < 4; layer++) {
            float[] mask = mask(1, 2, layer, 3, rate);
            int dropped = 0;
            double sum = 0;
            for (float value : mask) {
                assertEquals(value == 0 ? 0 : 1 / (1 - rate), value, 1e-6);
                dropped += value == 0 ? 1 : 0;
                sum += value;
            }
            // Five standard deviations of a binomial share.
            double deviation = 5 * Math.sqrt(rate * (1 - rate) / N);
            assertEquals(rate, dropped / (double) N, deviation);
            assertEquals(1, sum / N, deviation / (1 - rate));
        }
    }

    @Test
    void dropsNothingAtRateZero() {
        assertArrayEquals(mask(1, 2, 3, 4, 0), Nd4j.ones(DataType.FLOAT, N).toFloatVector());
    }

    /**
     * The correlation of two independent masks is normal with a standard deviation of 1 / sqrt(N): neighbours in a row, a
     * column, a channel, and masks of keys that differ in one number only.
     */
    @Test
    void elementsAreIndependent() {
        double rate = 0.13;
        float[] base = mask(1, 2, 3, 4, rate);
        for (int lag : new int[] {1, 2, 3, 4, 7, 8, 16, 32, 64, 256, 1024, 4096, 65536}) {
            float[] shifted = new float[N];
            DropoutMask.fill(1, 2, 3, 4, rate, lag, shifted, N);
            assertUncorrelated("lag " + lag, base, shifted, rate);
        }
        for (int d = 1; d <= 20; d++) {
            assertUncorrelated("seed + " + d, base, mask(1 + d, 2, 3, 4, rate), rate);
            assertUncorrelated("step + " + d, base, mask(1, 2 + d, 3, 4, rate), rate);
            assertUncorrelated("layer + " + d, base, mask(1, 2, 3 + d, 4, rate), rate);
            assertUncorrelated("image + " + d, base, mask(1, 2, 3, 4 + d, rate), rate);
        }
        assertUncorrelated("step and layer exchanged", base, mask(1, 3, 2, 4, rate), rate);
        assertUncorrelated("layer and image exchanged", base, mask(1, 2, 4, 3, rate), rate);
        assertUncorrelated("high half of the seed", base, mask(1 + (1L << 32), 2, 3, 4, rate), rate);
        assertUncorrelated("high half of the step", base, mask(1, 2 + (1L << 40), 3, 4, rate), rate);
    }

    private static void assertUncorrelated(String what, float[] a, float[] b, double rate) {
        double mean = 1;
        double variance = rate / (1 - rate);
        double sum = 0;
        for (int i = 0; i < N; i++) {
            sum += (a[i] - mean) * (b[i] - mean);
        }
        double correlation = sum / (variance * N);
        assertTrue(Math.abs(correlation) < 5.5 / Math.sqrt(N), what + ": correlation " + correlation);
    }

    /** Runs of 8 elements have 2^8 patterns of known probability: chi-squared with 255 degrees of freedom. */
    @Test
    void patternsOfNeighboursHaveTheirProbability() {
        double rate = 0.5;
        int[] counts = new int[256];
        int runs = 0;
        for (int image = 0; image < 4; image++) {
            float[] mask = mask(9, 8, 7, image, rate);
            for (int i = 0; i < N; i += 8) {
                int pattern = 0;
                for (int k = 0; k < 8; k++) {
                    pattern |= mask[i + k] == 0 ? 1 << k : 0;
                }
                counts[pattern]++;
                runs++;
            }
        }
        double expected = runs / 256.0;
        double chi = 0;
        for (int count : counts) {
            chi += (count - expected) * (count - expected) / expected;
        }
        assertEquals(255, chi, 5 * Math.sqrt(2 * 255));
    }

    @Test
    void appliesTheMaskToAnyLayout() {
        int n = 3000;
        SplittableRandom random = new SplittableRandom(5);
        int[] places = random.ints(n, 0, N - 100).toArray();
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextDouble(-1, 1);
        }
        long key = DropoutMask.key(1, 2, 3, 4);
        float[] mask = mask(1, 2, 3, 4, 0.3);
        float[] out = new float[n + 1];
        out[n] = 77;
        float scale = DropoutMask.scale(0.3);
        int threshold = DropoutMask.threshold(0.3);
        DropoutMask.apply((int) key, (int) (key >>> 32), threshold, scale, places, 100, x, out, n);
        for (int i = 0; i < n; i++) {
            assertEquals(x[i] * mask[places[i] + 100], out[i], 0);
        }
        assertEquals(77, out[n]);
        DropoutMask.apply((int) key, (int) (key >>> 32), threshold, scale, places, 100, x, x, n);
        out[n] = 0;
        assertArrayEquals(Arrays.copyOf(out, n), x);
    }

    @Test
    void masksOfABatchAreThoseOfItsImages() {
        INDArray batch = Nd4j.create(DataType.FLOAT, 3, 4, 32, 32);
        DropoutMask.fill(1, 2, 5, 0.4, batch);
        List<float[]> images = new ArrayList<>();
        for (int image = 0; image < 3; image++) {
            float[] wanted = new float[4 * 32 * 32];
            DropoutMask.fill(1, 2, 5, image, 0.4, 0, wanted, wanted.length);
            images.add(wanted);
            assertArrayEquals(
                    wanted, batch.get(NDArrayIndex.point(image)).dup('c').data().asFloat());
        }
        float[] tail = new float[1500];
        DropoutMask.fill(1, 2, 5, 1, 0.4, 2000, tail, tail.length);
        assertArrayEquals(Arrays.copyOfRange(images.get(1), 2000, 3500), tail);
    }
}

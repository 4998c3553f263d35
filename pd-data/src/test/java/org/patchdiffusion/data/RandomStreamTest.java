package org.patchdiffusion.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RandomStreamTest {

    /** The known-answer vectors published with Random123 (philox4x32, 10 rounds): counter, key, output. */
    @ParameterizedTest
    @CsvSource({
        "00000000 00000000 00000000 00000000, 00000000 00000000, 6627e8d5 e169c58d bc57ac4c 9b00dbd8",
        "ffffffff ffffffff ffffffff ffffffff, ffffffff ffffffff, 408f276d 41c83b0e a20bc7c6 6d5451fd",
        "243f6a88 85a308d3 13198a2e 03707344, a4093822 299f31d0, d16cfe09 94fdcceb 5001e420 24126ea1"
    })
    void philoxGivesThePublishedAnswers(String counter, String key, String expected) {
        int[] c = words(counter);
        int[] k = words(key);
        int[] out = new int[4];
        Philox.block(c[0], c[1], c[2], c[3], k[0], k[1], out);
        assertArrayEquals(words(expected), out);
    }

    @Test
    void theFirstWordsOfTheZeroKeyAreThePublishedAnswer() {
        RandomStream stream = RandomStream.of(0, Purpose.INIT, 0, 0);
        assertEquals(0x6627e8d5e169c58dL, stream.nextLong());
        assertEquals(0xbc57ac4c9b00dbd8L, stream.nextLong());
    }

    /** Reference values computed with 40 digits. */
    @ParameterizedTest
    @CsvSource({
        "0.5, 0",
        "0.975, 1.959963984540054",
        "0.025, -1.959963984540054",
        "1e-10, -6.361340902404056",
        "1e-20, -9.262340089798408",
        "0.9, 1.2815515655446004",
        "0.8, 0.8416212335729143"
    })
    void quantilesOfTheNormalDistribution(double p, double expected) {
        assertEquals(expected, NormalQuantile.at(p), 4e-15 * Math.max(1, Math.abs(expected)));
    }

    @Property
    void theSameKeyGivesTheSameNumbersWhateverElseWasDrawn(
            @ForAll long seed,
            @ForAll Purpose purpose,
            @ForAll @LongRange(min = 0, max = (1L << 44) - 1) long step,
            @ForAll @LongRange(min = 0, max = (1L << 44) - 1) long index) {
        long[] first = RandomStream.of(seed, purpose, step, index).longs(9).toArray();
        RandomStream.of(seed, purpose, step, index ^ 1).nextGaussian();
        assertArrayEquals(
                first, RandomStream.of(seed, purpose, step, index).longs(9).toArray());
    }

    @Test
    void neighbouringKeysGiveDifferentStreams() {
        long[] values = {0, 1, 2, 1L << 31, 1L << 32, (1L << 32) + 1, (1L << 44) - 1};
        Set<Long> seen = new HashSet<>();
        int keys = 0;
        for (Purpose purpose : Purpose.values()) {
            for (long step : values) {
                for (long index : values) {
                    keys++;
                    seen.add(RandomStream.of(7, purpose, step, index).nextLong());
                }
            }
        }
        assertEquals(keys, seen.size());
    }

    @Test
    void neighbouringStreamsAreUncorrelated() {
        int n = 20_000;
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += RandomStream.of(1, Purpose.NOISE, 0, i).nextGaussian()
                    * RandomStream.of(1, Purpose.NOISE, 0, i + 1).nextGaussian();
        }
        assertEquals(0, sum / n, 4 / Math.sqrt(n));
    }

    @Test
    void normalsHaveTheMomentsOfTheDistribution() {
        int n = 200_000;
        double[] doubles = new double[n];
        RandomStream.of(3, Purpose.LATENT, 0, 0).fillGaussian(doubles);
        float[] floats = new float[n];
        RandomStream.of(4, Purpose.NOISE, 0, 0).fillGaussian(floats);
        double[] widened = new double[n];
        for (int i = 0; i < n; i++) {
            widened[i] = floats[i];
        }
        for (double[] sample : new double[][] {doubles, widened}) {
            double[] moment = new double[5];
            for (double x : sample) {
                for (int k = 1; k <= 4; k++) {
                    moment[k] += Math.pow(x, k) / n;
                }
            }
            // Standard errors of the raw moments of N(0, 1): sqrt(1, 2, 15, 96) / sqrt(n); four of them allowed.
            double error = 4 / Math.sqrt(n);
            assertEquals(0, moment[1], error);
            assertEquals(1, moment[2], error * Math.sqrt(2));
            assertEquals(0, moment[3], error * Math.sqrt(15));
            assertEquals(3, moment[4], error * Math.sqrt(96));
        }
    }

    @Property(tries = 20)
    void boundedIntegersAreUniform(@ForAll @IntRange(min = 2, max = 60) int bound) {
        int n = 20_000;
        int[] count = new int[bound];
        RandomStream stream = RandomStream.of(5, Purpose.CROP, bound, 0);
        for (int i = 0; i < n; i++) {
            count[stream.nextInt(bound)]++;
        }
        double expected = (double) n / bound;
        double chiSquare = 0;
        for (int c : count) {
            chiSquare += (c - expected) * (c - expected) / expected;
        }
        int freedom = bound - 1;
        assertTrue(chiSquare < freedom + 6 * Math.sqrt(2.0 * freedom) + 6, "chi-square " + chiSquare);
    }

    @Test
    void uniformDoublesFillTheUnitInterval() {
        int n = 100_000;
        RandomStream stream = RandomStream.of(6, Purpose.SIGMA, 0, 0);
        double sum = 0;
        double sumOfSquares = 0;
        for (int i = 0; i < n; i++) {
            double u = stream.nextDouble();
            assertTrue(u >= 0 && u < 1);
            sum += u;
            sumOfSquares += u * u;
        }
        assertEquals(0.5, sum / n, 4 * Math.sqrt(1.0 / 12 / n));
        assertEquals(1.0 / 3, sumOfSquares / n, 4 * Math.sqrt(4.0 / 45 / n));
    }

    @Test
    void theExtremesOfANormalAreFinite() {
        assertEquals(6.3, NormalQuantile.at(1 - 0x1p-33), 0.1);
        assertEquals(-8.3, NormalQuantile.at(0x1p-54), 0.1);
        assertEquals(8.2, NormalQuantile.at(Math.nextDown(1.0)), 0.1);
    }

    @Test
    void aRangeOutsideTheKeyIsRefused() {
        Exception e = assertThrows(IllegalArgumentException.class, () -> RandomStream.of(0, Purpose.CROP, -1, 0));
        assertEquals("random stream: step is -1, expected 0 to 2^44 - 1", e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> RandomStream.of(0, Purpose.CROP, 0, 1L << 44));
    }

    private static int[] words(String hex) {
        String[] parts = hex.trim().split(" ");
        int[] words = new int[parts.length];
        for (int i = 0; i < parts.length; i++) {
            words[i] = Integer.parseUnsignedInt(parts[i], 16);
        }
        return words;
    }

    @Property(tries = 50)
    void manyNormalsAtOnceAreThoseOfOneAtATime(@ForAll long seed, @ForAll @IntRange(max = 1000) int length) {
        float[] many = new float[length + 3];
        RandomStream.of(seed, Purpose.NOISE, 0, 0).fillGaussian(many, 2, length);
        RandomStream words = RandomStream.of(seed, Purpose.NOISE, 0, 0);
        for (int i = 0; i < length; i++) {
            assertEquals((float) NormalQuantile.at(((words.nextInt() & 0xFFFFFFFFL) + 0.5) * 0x1p-32), many[2 + i]);
        }
        assertEquals(0, many[length + 2]);
    }
}

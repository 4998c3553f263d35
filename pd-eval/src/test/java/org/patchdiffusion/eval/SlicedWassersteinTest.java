package org.patchdiffusion.eval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.FloatRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class SlicedWassersteinTest {
    private static final SlicedWasserstein METRIC = new SlicedWasserstein(64, 64, 1);

    @Property(tries = 60)
    void pyramidReconstructsTheImage(
            @ForAll @IntRange(min = 7, max = 70) int height,
            @ForAll @IntRange(min = 7, max = 70) int width,
            @ForAll long seed) {
        Random random = new Random(seed);
        float[] values = new float[height * width];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(256);
        }
        int levels = LaplacianPyramid.levels(height, width);
        List<LaplacianPyramid.Plane> pyramid =
                LaplacianPyramid.build(new LaplacianPyramid.Plane(height, width, values), levels);
        assertEquals(levels, pyramid.size());
        assertArrayEquals(values, LaplacianPyramid.reconstruct(pyramid).values(), 1e-4f);
    }

    @Test
    void halvingFollowsTheBinomialFilterWithMirroredBorders() {
        float[] impulse = new float[8 * 8];
        impulse[1 * 8 + 2] = 256;
        float[] half = LaplacianPyramid.halve(new LaplacianPyramid.Plane(8, 8, impulse))
                .values();
        // Rows: from row 0 the impulse in row 1 is seen at +1 and, mirrored, at -1: weight 4 + 4; from row 2: 4.
        // Columns: 1, 6, 1 at columns 0, 2, 4; column 0 sees column 2 at +2 and at -2.
        assertArrayEquals(new float[] {8 * 2, 8 * 6, 8, 0}, Arrays.copyOfRange(half, 0, 4), 1e-5f);
        assertArrayEquals(new float[] {4 * 2, 4 * 6, 4, 0}, Arrays.copyOfRange(half, 4, 8), 1e-5f);
        float[] flat = new float[4 * 4];
        Arrays.fill(flat, 3);
        float[] large = LaplacianPyramid.enlarge(new LaplacianPyramid.Plane(4, 4, flat), 8, 8)
                .values();
        for (float value : large) {
            assertEquals(3, value, 1e-5f, "a constant stays one, at the borders too");
        }
    }

    @Test
    void levelsEndAtSixteenPixels() {
        assertEquals(1, LaplacianPyramid.levels(16, 64));
        assertEquals(2, LaplacianPyramid.levels(32, 32));
        assertEquals(4, LaplacianPyramid.levels(128, 256));
    }

    @Property(tries = 100)
    void shiftedNumbersAreAsFarApartAsTheShift(
            @ForAll @Size(min = 1, max = 50) List<@FloatRange(min = -10, max = 10) Float> numbers,
            @ForAll @FloatRange(min = -5, max = 5) float shift) {
        float[] a = new float[numbers.size()];
        float[] b = new float[a.length];
        for (int i = 0; i < a.length; i++) {
            a[i] = numbers.get(i);
            b[i] = a[i] + shift;
        }
        Arrays.sort(a);
        Arrays.sort(b);
        assertEquals(Math.abs(shift), SortedSamples.distance(a, b), 1e-5);
    }

    @Property(tries = 100)
    void repeatingEveryNumberChangesNoDistance(
            @ForAll @Size(min = 1, max = 20) List<@FloatRange(min = -10, max = 10) Float> first,
            @ForAll @Size(min = 1, max = 20) List<@FloatRange(min = -10, max = 10) Float> second,
            @ForAll @IntRange(min = 1, max = 5) int times) {
        float[] a = repeated(first, 1);
        float[] b = repeated(second, 1);
        assertEquals(SortedSamples.distance(a, b), SortedSamples.distance(repeated(first, times), b), 1e-6);
        assertEquals(SortedSamples.distance(a, b), SortedSamples.distance(b, a), 1e-9);
    }

    private static float[] repeated(List<Float> numbers, int times) {
        float[] result = new float[numbers.size() * times];
        for (int i = 0; i < result.length; i++) {
            result[i] = numbers.get(i % numbers.size());
        }
        Arrays.sort(result);
        return result;
    }

    @Test
    void quantilesOfUnequalSets() {
        // {0, 3} against {0, 1, 2}: thirds and halves cut [0,1] at 1/3, 1/2, 2/3.
        double area = 0 * (1 / 3.0) + 1 * (1 / 6.0) + 2 * (1 / 6.0) + 1 * (1 / 3.0);
        assertEquals(area, SortedSamples.distance(new float[] {0, 3}, new float[] {0, 1, 2}), 1e-12);
    }

    @Property(tries = 20)
    void radixSortSorts(@ForAll long seed, @ForAll @IntRange(min = 4000, max = 9000) int size) {
        Random random = new Random(seed);
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(30) - 15));
        }
        float[] want = values.clone();
        Arrays.sort(want);
        SortedSamples.sort(values);
        assertArrayEquals(want, values);
    }

    @Test
    void aSetIsAtDistanceZeroFromItselfInAnyOrder() {
        Images images = textures(20, 32, 1.0, 5);
        List<byte[]> shuffled = new ArrayList<>(images.pixels());
        Collections.shuffle(shuffled, new Random(3));
        assertEquals(0, METRIC.between(images, images).average());
        assertEquals(0, METRIC.between(images, new Images(3, 32, 32, shuffled)).average(), 1e-4);
    }

    @Test
    void isSymmetricAndIgnoresTheOrderOfTheImages() {
        Images a = textures(20, 32, 1.0, 5);
        Images b = textures(30, 32, 2.0, 6);
        List<byte[]> shuffled = new ArrayList<>(b.pixels());
        Collections.shuffle(shuffled, new Random(3));
        double distance = METRIC.between(a, b).average();
        assertEquals(distance, METRIC.between(b, a).average(), 1e-9);
        assertEquals(
                distance, METRIC.between(a, new Images(3, 32, 32, shuffled)).average(), 1e-4 * distance);
    }

    @Test
    void growsWithTheDifferenceOfTexture() {
        Images reference = textures(60, 32, 1.0, 1);
        double same = METRIC.between(reference, textures(60, 32, 1.0, 2)).average();
        double near = METRIC.between(reference, textures(60, 32, 1.5, 3)).average();
        double far = METRIC.between(reference, textures(60, 32, 4.0, 4)).average();
        assertTrue(same < near / 2 && near < far, same + " < " + near + " < " + far);
    }

    /**
     * White noise has Gaussian projections: N(0, 1) if all three channels vary, N(0, s^2) with s^2 the share of two
     * channels in the direction if one is constant. Their distance is (1 - s) sqrt(2 / pi), and s^2 follows
     * Beta(49, 24.5), so that E[s] = 0.81581.
     */
    @Test
    void followsTheClosedFormOfWhiteNoise() {
        SlicedWasserstein.Result result =
                new SlicedWasserstein(64, 256, 9).between(noise(200, 16, 3), noise(150, 16, 2));
        assertEquals(1, result.levels().size());
        // 256 directions leave a standard error of 1.7.
        assertEquals(1000 * (1 - 0.81581) * Math.sqrt(2 / Math.PI), result.average(), 6);
    }

    @Test
    void reportsEachLevel() {
        SlicedWasserstein.Result result = METRIC.between(textures(3, 32, 1, 1), textures(4, 32, 1, 2));
        assertEquals(
                List.of(32, 16),
                result.levels().stream().map(SlicedWasserstein.Level::width).toList());
        assertEquals(
                (result.levels().get(0).distance() + result.levels().get(1).distance()) / 2, result.average(), 1e-9);
    }

    @Test
    void badSetsAreNamed() {
        Images images = textures(2, 32, 1, 1);
        assertMessage("got sets of 2 and 0 images", images, new Images(3, 32, 32, List.of()));
        assertMessage(
                "got images of 32x32 with 3 channels and of 16x16 with 3 channels", images, textures(2, 16, 1, 1));
        Images tiny = new Images(1, 6, 9, List.of(new byte[54]));
        assertMessage("images are 9x6 with 1 channels, expected at least 7x7", tiny, tiny);
    }

    private static void assertMessage(String start, Images a, Images b) {
        String message = assertThrows(IllegalArgumentException.class, () -> METRIC.between(a, b))
                .getMessage();
        assertTrue(message.startsWith(start), message);
    }

    /** Waves of random direction and phase, of about {@code frequency} periods, with a little noise. */
    private static Images textures(int count, int size, double frequency, long seed) {
        Random random = new Random(seed);
        return new Images(
                3,
                size,
                size,
                IntStream.range(0, count)
                        .mapToObj(n -> wave(size, frequency, random))
                        .toList());
    }

    private static byte[] wave(int size, double frequency, Random random) {
        double angle = random.nextDouble() * Math.PI;
        double phase = random.nextDouble() * 2 * Math.PI;
        byte[] pixels = new byte[3 * size * size];
        for (int i = 0; i < pixels.length; i++) {
            double along = Math.cos(angle) * (i % size) + Math.sin(angle) * (i / size % size);
            double value = Math.sin(2 * Math.PI * frequency * along / size + phase + i / (size * size));
            pixels[i] = (byte) (int) (128 + 80 * value + 4 * random.nextGaussian());
        }
        return pixels;
    }

    private static Images noise(int count, int size, int noisyChannels) {
        Random random = new Random(noisyChannels);
        return new Images(
                3,
                size,
                size,
                IntStream.range(0, count)
                        .mapToObj(n -> {
                            byte[] pixels = new byte[3 * size * size];
                            Arrays.fill(pixels, (byte) 128);
                            for (int i = 0; i < noisyChannels * size * size; i++) {
                                pixels[i] = (byte) (int) Math.max(0, Math.min(255, 128 + 40 * random.nextGaussian()));
                            }
                            return pixels;
                        })
                        .toList());
    }
}

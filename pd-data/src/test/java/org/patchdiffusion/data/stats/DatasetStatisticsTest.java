package org.patchdiffusion.data.stats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.patchdiffusion.data.DatasetOptions;
import org.patchdiffusion.data.ImageDataset;
import org.patchdiffusion.data.LabelUse;
import org.patchdiffusion.data.ProgressListener;
import org.patchdiffusion.data.TestImages;

class DatasetStatisticsTest {
    @TempDir
    Path folder;

    private static DatasetStatistics statistics(ImageDataset dataset) {
        return DatasetStatistics.of(dataset, 2000, 0, ProgressListener.NONE);
    }

    private static ImageDataset floats(int channels, int height, int width, List<float[]> images) {
        return ImageDataset.ofFloats("made", channels, height, width, images, null, List.of());
    }

    private static List<float[]> noise(int images, int values, double deviation, long seed) {
        Random random = new Random(seed);
        List<float[]> made = new ArrayList<>();
        for (int i = 0; i < images; i++) {
            float[] image = new float[values];
            for (int k = 0; k < values; k++) {
                image[k] = (float) (deviation * random.nextGaussian());
            }
            made.add(image);
        }
        return made;
    }

    @Test
    void momentsAreThoseOfTheValuesTheNetworkSees() {
        byte[] dark = {0, 0, (byte) 255, (byte) 255};
        byte[] gray = {51, 51, 102, 102};
        ImageDataset dataset = ImageDataset.ofBytes("two", 2, 1, 2, List.of(dark, gray), null, List.of());
        PixelMoments moments = statistics(dataset).moments();
        // Channel 0: -1, -1, -0.6, -0.6; channel 1: 1, 1, -0.2, -0.2.
        assertEquals(-0.8, moments.channelMeans().get(0), 1e-7);
        assertEquals(0.2, moments.channelDeviations().get(0), 1e-7);
        assertEquals(0.4, moments.channelMeans().get(1), 1e-7);
        assertEquals(0.6, moments.channelDeviations().get(1), 1e-7);
        assertEquals(-0.2, moments.mean(), 1e-7);
        assertEquals(Math.sqrt((1 + 1 + 0.36 + 0.04) / 4 - 0.04), moments.deviation(), 1e-7);
        assertEquals(-0.4, moments.brightness().min(), 1e-7);
        assertEquals(0, moments.brightness().max(), 1e-7);
    }

    @Test
    void whiteNoiseHasAFlatSpectrumOfItsVariance() {
        PowerSpectrum spectrum =
                statistics(floats(2, 24, 32, noise(200, 2 * 24 * 32, 0.5, 1))).spectrum();
        assertEquals(200, spectrum.images());
        // Taking the mean away takes some of the lowest waves away, too.
        for (int i = 1; i < spectrum.power().size(); i++) {
            assertEquals(
                    0.25,
                    spectrum.power().get(i),
                    0.02,
                    "at " + spectrum.frequencies().get(i));
        }
        assertEquals(0, spectrum.slope(), 0.03);
        assertEquals(1, spectrum.shares().stream().mapToDouble(x -> x).sum(), 1e-12);
        assertEquals(1, spectrum.shareWithin(24), 1e-12);
        // Outside the circle of radius 1/4 lies 1 - pi / 16 of the square of frequencies.
        assertEquals(1 - Math.PI / 16, spectrum.shareWithin(4), 0.03);
    }

    @Test
    void amplitudesThatFallWithTheFrequencyHaveSlopeMinusTwo() {
        int n = 32;
        Random random = new Random(2);
        List<float[]> images = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            double[] sum = new double[n * n];
            for (int v = -15; v <= 15; v++) {
                for (int u = 1; u <= 15; u++) {
                    double phase = 2 * Math.PI * random.nextDouble();
                    double amplitude = random.nextGaussian() / Math.hypot(u, v);
                    for (int k = 0; k < sum.length; k++) {
                        sum[k] += amplitude * Math.cos(2 * Math.PI * (u * (k % n) + v * (k / n)) / n + phase);
                    }
                }
            }
            float[] image = new float[n * n];
            IntStream.range(0, n * n).forEach(k -> image[k] = (float) sum[k]);
            images.add(image);
        }
        assertEquals(-2, statistics(floats(1, n, n, images)).spectrum().slope(), 0.2);
    }

    /** The definition of the transform, term by term. */
    @Property(tries = 20)
    void theTransformIsItsDefinition(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 7) int height,
            @ForAll @IntRange(min = 1, max = 7) int width) {
        float[] image = noise(1, height * width, 1, seed).get(0);
        double[] window = new double[height * width];
        double weights = 0;
        double power = 0;
        double mean = 0;
        for (int k = 0; k < window.length; k++) {
            window[k] = Math.pow(Math.sin(Math.PI * (k % width + 0.5) / width), 2)
                    * Math.pow(Math.sin(Math.PI * (k / width + 0.5) / height), 2);
            weights += window[k];
            power += window[k] * window[k];
            mean += window[k] * image[k];
        }
        mean /= weights;
        double[] expected = new double[height * width];
        for (int f = 0; f < expected.length; f++) {
            double re = 0;
            double im = 0;
            for (int k = 0; k < window.length; k++) {
                double angle = 2
                        * Math.PI
                        * ((double) (f / width) * (k / width) / height + (double) (f % width) * (k % width) / width);
                re += window[k] * (image[k] - mean) * Math.cos(angle);
                im -= window[k] * (image[k] - mean) * Math.sin(angle);
            }
            expected[f] = (re * re + im * im) / power;
        }
        assertArrayEquals(expected, new FourierTransform(height, width).power(image, 1), 1e-9);
    }

    @Test
    void distancesAreThoseOfEachPair() {
        List<float[]> images = noise(40, 3 * 5 * 4, 0.7, 3);
        images.set(7, images.get(31).clone());
        Distances distances = statistics(floats(3, 5, 4, images)).distances();
        List<Double> pairs = new ArrayList<>();
        double[] nearest = new double[40];
        Arrays.fill(nearest, 1e9);
        for (int i = 0; i < 40; i++) {
            for (int j = 0; j < 40; j++) {
                double square = 0;
                for (int k = 0; k < 60; k++) {
                    square += Math.pow((double) images.get(i)[k] - images.get(j)[k], 2);
                }
                if (j < i) {
                    pairs.add(Math.sqrt(square));
                }
                nearest[i] = j == i ? nearest[i] : Math.min(nearest[i], Math.sqrt(square));
            }
        }
        pairs.sort(null);
        Arrays.sort(nearest);
        assertEquals(40, distances.images());
        assertEquals(pairs.get(779), distances.pairwise().max(), 1e-6);
        assertEquals((pairs.get(389) + pairs.get(390)) / 2, distances.pairwise().median(), 1e-6);
        assertEquals(
                780, distances.pairwise().counts().stream().mapToLong(x -> x).sum());
        assertEquals(0, distances.nearest().min(), 1e-6);
        assertEquals(nearest[39], distances.nearest().max(), 1e-6);
        assertEquals(
                Arrays.stream(nearest).average().orElseThrow(),
                distances.nearest().mean(),
                1e-6);
    }

    @Test
    void exactAndNearDuplicatesAreFoundAndOthersAreNot() {
        List<float[]> images = noise(60, 3 * 9 * 7, 0.5, 4);
        images.set(20, images.get(3).clone());
        images.set(50, images.get(3).clone());
        images.set(41, images.get(40).clone());
        float[] close = images.get(10).clone();
        for (int k = 0; k < close.length; k++) {
            close[k] += 0.03f * (k % 2 == 0 ? 1 : -1);
        }
        images.set(11, close);
        float[] apart = images.get(12).clone();
        for (int k = 0; k < apart.length; k++) {
            apart[k] += 0.06f * (k % 2 == 0 ? 1 : -1);
        }
        images.set(13, apart);
        Duplicates duplicates = statistics(floats(3, 9, 7, images)).duplicates();
        assertEquals(List.of(List.of(3, 20, 50), List.of(40, 41)), duplicates.exact());
        assertEquals(3, duplicates.copies());
        assertEquals(1, duplicates.near().size());
        assertEquals(10, duplicates.near().get(0).first());
        assertEquals(11, duplicates.near().get(0).second());
        assertEquals(0.03, duplicates.near().get(0).difference(), 1e-6);
        assertEquals(0.08 * 0.5, duplicates.threshold(), 0.001);
        assertEquals(57, duplicates.searched());
        assertTrue(duplicates.complete());
    }

    /** The search leaves out no pair, whatever the size of the images. */
    @Property(tries = 30)
    void theSearchFindsWhatComparingAllPairsFinds(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 9) int height,
            @ForAll @IntRange(min = 1, max = 9) int width) {
        Random random = new Random(seed);
        List<float[]> images = noise(12, 2 * height * width, 0.5, seed);
        for (int i = 0; i < 12; i++) {
            float[] changed = images.get(i).clone();
            for (int k = 0; k < changed.length; k++) {
                changed[k] += (float) (0.04 * random.nextGaussian());
            }
            images.add(changed);
        }
        DatasetStatistics statistics = statistics(floats(2, height, width, images));
        double threshold = statistics.duplicates().threshold();
        Set<List<Integer>> expected = new HashSet<>();
        for (int i = 0; i < images.size(); i++) {
            for (int j = i + 1; j < images.size(); j++) {
                double square = 0;
                for (int k = 0; k < images.get(i).length; k++) {
                    double difference = images.get(i)[k] - images.get(j)[k];
                    square += difference * difference;
                }
                if (Math.sqrt(square / images.get(i).length) <= threshold) {
                    expected.add(List.of(i, j));
                }
            }
        }
        Set<List<Integer>> found = new HashSet<>();
        statistics.duplicates().near().forEach(pair -> found.add(List.of(pair.first(), pair.second())));
        assertEquals(expected, found);
    }

    @Test
    void imagesOfOneColourAreNearAndHaveNoSlope() {
        List<float[]> images = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            float[] image = new float[64];
            Arrays.fill(image, i < 39 ? i * 1e-6f : 1);
            images.add(image);
        }
        DatasetStatistics statistics = statistics(floats(1, 8, 8, images));
        assertFalse(statistics.duplicates().complete());
        assertTrue(statistics.duplicates().near().size() > 400);
        assertEquals(5, TrainingAdvice.of(statistics).size());
    }

    @Test
    void classesAreCountedAndImagesNamed() throws IOException {
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put("cat/b.png", TestImages.png(8, 8, 1));
        files.put("cat/a.png", TestImages.png(8, 8, 2));
        files.put("dog/c.png", TestImages.png(8, 8, 1));
        files.put(
                "dataset.json",
                TestImages.text("{\"labels\": [[\"cat/a.png\", 0], [\"cat/b.png\", 0], [\"dog/c.png\", 2]]}"));
        Path zip = TestImages.zip(folder.resolve("pets.zip"), files);
        try (ImageDataset dataset =
                ImageDataset.open(zip, DatasetOptions.ALL.withLabels(LabelUse.REQUIRED), ProgressListener.NONE)) {
            DatasetStatistics statistics = statistics(dataset);
            assertEquals("{0=2, 1=0, 2=1}", statistics.classes().toString());
            List<Integer> copies = statistics.duplicates().exact().get(0);
            assertEquals(
                    List.of("cat/b.png", "dog/c.png"),
                    copies.stream().map(dataset::nameOf).toList());
            assertEquals("dog/c.png", dataset.subset(2, 0).nameOf(0));
        }
    }

    @Test
    void adviceFollowsFromTheNumbers() {
        DatasetStatistics statistics = statistics(floats(1, 32, 32, noise(50, 1024, 0.25, 5)));
        List<Suggestion> advice = TrainingAdvice.of(statistics);
        assertEquals(
                List.of("sigma_data", "sigma_max", "P_mean", "P_std", "patch_sizes"),
                advice.stream().map(Suggestion::setting).toList());
        assertEquals(0.25, Double.parseDouble(advice.get(0).value()), 0.005);
        // Two images of white noise are sqrt(2 * 1024) deviations apart.
        assertEquals(0.25 * Math.sqrt(2048), Double.parseDouble(advice.get(1).value()), 2);
        assertEquals(-1.2 + Math.log(0.5), Double.parseDouble(advice.get(2).value()), 0.02);
        assertEquals("1/2:0.5,1:0.5", advice.get(4).value());
        advice.forEach(a -> assertTrue(a.reason().endsWith("."), a.reason()));
    }

    @Test
    void smoothImagesAreTrainedWhole() {
        List<byte[]> ramps = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            byte[] ramp = new byte[64 * 64];
            for (int k = 0; k < ramp.length; k++) {
                ramp[k] = (byte) (100 + (i + 1) * 8 * Math.cos(2 * Math.PI * (k % 64) / 64));
            }
            ramps.add(ramp);
        }
        DatasetStatistics statistics = statistics(ImageDataset.ofBytes("ramps", 1, 64, 64, ramps, null, List.of()));
        Suggestion sizes = TrainingAdvice.of(statistics).get(4);
        assertFalse(sizes.value().contains("1/4"), sizes.toString());
        DatasetStatistics noisy = statistics(ImageDataset.ofBytes(
                "noise",
                1,
                64,
                64,
                IntStream.range(0, 20)
                        .mapToObj(i -> {
                            byte[] image = new byte[4096];
                            new Random(i).nextBytes(image);
                            return image;
                        })
                        .toList(),
                null,
                List.of()));
        assertEquals("1/4:0.2,1/2:0.3,1:0.5", TrainingAdvice.of(noisy).get(4).value());
    }

    @Test
    void tooFewImagesAreRefused() {
        ImageDataset one = floats(1, 4, 4, noise(1, 16, 1, 6));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> statistics(one))
                .getMessage()
                .contains("has one image"));
        ImageDataset two = floats(1, 4, 4, noise(2, 16, 1, 6));
        assertThrows(IllegalArgumentException.class, () -> DatasetStatistics.of(two, 1, 0, ProgressListener.NONE));
    }

    @Property(tries = 50)
    void aSampleHasNoImageTwice(
            @ForAll @IntRange(min = 1, max = 50) int size,
            @ForAll @IntRange(min = 1, max = 60) int count,
            @ForAll long seed) {
        int[] sample = Sample.of(size, count, seed);
        assertEquals(Math.min(size, count), sample.length);
        assertEquals(sample.length, Arrays.stream(sample).distinct().count());
        assertTrue(Arrays.stream(sample).allMatch(i -> i >= 0 && i < size));
    }

    @Test
    void distributionsHaveTheirQuantiles() {
        Distribution d = Distribution.of(
                IntStream.rangeClosed(0, 100).mapToDouble(i -> 100 - i).toArray());
        assertEquals(0, d.min());
        assertEquals(5, d.p5(), 1e-12);
        assertEquals(50, d.median(), 1e-12);
        assertEquals(95, d.p95(), 1e-12);
        assertEquals(100, d.max());
        assertEquals(50, d.mean(), 1e-12);
        assertEquals(101, d.counts().stream().mapToLong(x -> x).sum());
        assertEquals(100.0 / 120, d.centre(0), 1e-12);
        assertEquals(3, Distribution.of(new double[] {3, 3, 3}).median());
    }
}

package org.patchdiffusion.data.augment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.patchdiffusion.data.Purpose;
import org.patchdiffusion.data.RandomStream;

class AugmentPipelineTest {
    /** A draw that is below every probability. */
    private static final double ACT = 0;

    private static float[] image(long seed, int channels, int height, int width) {
        float[] image = new float[channels * height * width];
        RandomStream random = RandomStream.of(seed, Purpose.INIT, 0, 0);
        for (int i = 0; i < image.length; i++) {
            image[i] = (float) (2 * random.nextDouble() - 1);
        }
        return image;
    }

    private static AugmentConfig only(Augmentation... augmentations) {
        Map<Augmentation, Double> multipliers = new EnumMap<>(Augmentation.class);
        Arrays.stream(augmentations).forEach(a -> multipliers.put(a, 1.0));
        return new AugmentConfig(1, multipliers);
    }

    private record Result(float[] image, float[] labels) {}

    /** Augments a copy of an image. */
    private static Result apply(
            AugmentConfig config, float[] image, int channels, int height, int width, double... draws) {
        AugmentPipeline pipeline = AugmentPipeline.of(config, channels);
        float[] copy = image.clone();
        float[] labels = new float[pipeline.labelDim()];
        GivenDraws given = GivenDraws.of(draws);
        pipeline.apply(copy, 0, channels, height, width, given, labels, 0);
        assertTrue(given.usedUp());
        return new Result(copy, labels);
    }

    @Property(tries = 100)
    void nothingHappensAtProbabilityZero(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 16) int channels,
            @ForAll @IntRange(min = 1, max = 12) int height,
            @ForAll @IntRange(min = 1, max = 12) int width) {
        float[] image = image(seed, channels, height, width);
        float[] augmented = image.clone();
        float[] labels = {7, 7, 7, 7, 7, 7, 7, 7, 7};
        AugmentPipeline.of(AugmentConfig.training(0), channels)
                .apply(augmented, 0, channels, height, width, RandomStream.of(seed, Purpose.AUGMENT, 0, 0), labels, 0);
        assertArrayEquals(image, augmented);
        assertArrayEquals(new float[9], labels);
    }

    /** Each image stays in its own part of the array, whatever acts on it and whatever its shape. */
    @Property(tries = 60)
    void theNeighboursOfAnImageAreNotTouched(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 4) int channels,
            @ForAll @IntRange(min = 1, max = 20) int height,
            @ForAll @IntRange(min = 1, max = 20) int width) {
        int length = channels * height * width;
        float[] three = image(seed, 3, 1, length);
        float[] before = three.clone();
        AugmentPipeline pipeline = AugmentPipeline.of(AugmentConfig.training(1), channels);
        float[] labels = new float[pipeline.labelDim() + 2];
        pipeline.apply(three, length, channels, height, width, RandomStream.of(seed, Purpose.AUGMENT, 0, 0), labels, 1);
        assertArrayEquals(Arrays.copyOf(before, length), Arrays.copyOf(three, length));
        assertArrayEquals(
                Arrays.copyOfRange(before, 2 * length, 3 * length), Arrays.copyOfRange(three, 2 * length, 3 * length));
        assertEquals(0, labels[0]);
        assertEquals(0, labels[labels.length - 1]);
        for (float value : three) {
            // The filter overshoots at edges, but not without bound.
            assertTrue(Math.abs(value) < 4, "value " + value);
        }
    }

    @Test
    void quarterTurnsOfARowAndAColumn() {
        float[] square = {1, 2, 3, 4};
        AugmentConfig turn = only(Augmentation.ROTATE_INT);
        assertArrayEquals(
                new float[] {2, 4, 1, 3}, apply(turn, square, 1, 2, 2, 1, ACT).image());
        assertArrayEquals(
                new float[] {4, 3, 2, 1}, apply(turn, square, 1, 2, 2, 2, ACT).image());
        assertArrayEquals(
                new float[] {3, 1, 4, 2}, apply(turn, square, 1, 2, 2, 3, ACT).image());
        assertArrayEquals(
                new float[] {1, 0}, apply(turn, square, 1, 2, 2, 1, ACT).labels());
        Result rectangle = apply(turn, new float[] {1, 2, 3, 4, 5, 6}, 1, 2, 3, 1, ACT);
        assertArrayEquals(new float[] {6, 5, 4, 3, 2, 1}, rectangle.image());
        assertArrayEquals(new float[] {1, 1}, rectangle.labels());
    }

    /** A quarter turn through the filters is the exact one, but for the filter not being quite symmetric. */
    @Property(tries = 30)
    void turningByAQuarterCircleMovesPixels(@ForAll long seed, @ForAll @IntRange(min = 6, max = 17) int size) {
        float[] image = image(seed, 2, size, size);
        for (int turns = 1; turns < 4; turns++) {
            float[] exact = apply(only(Augmentation.ROTATE_INT), image, 2, size, size, turns, ACT)
                    .image();
            double draw = (turns / 2.0 + 1) / 2 % 1;
            float[] filtered = apply(only(Augmentation.ROTATE_FRAC), image, 2, size, size, draw, ACT)
                    .image();
            double error = 0;
            for (int i = 0; i < image.length; i++) {
                error += Math.abs(exact[i] - filtered[i]) / image.length;
            }
            // Another turn would be off by 2/3 on average.
            assertEquals(0, error, 0.15);
        }
    }

    /** A shift by whole pixels through the filters is the exact one, on rectangles too. */
    @Property(tries = 30)
    void shiftingByWholePixelsMovesThemExactly(
            @ForAll long seed,
            @ForAll @IntRange(min = -5, max = 5) int right,
            @ForAll @IntRange(min = -3, max = 3) int down) {
        int height = 8;
        int width = 16;
        float[] image = image(seed, 1, height, width);
        float[] shifted = apply(
                        only(Augmentation.TRANSLATE_FRAC), image, 1, height, width, right / 2.0, down / 1.0, ACT)
                .image();
        float[] expected = new float[image.length];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                expected[y * width + x] =
                        image[Mirror.inside(y - down, height) * width + Mirror.inside(x - right, width)];
            }
        }
        assertArrayEquals(expected, shifted, 2e-6f);
    }

    @Test
    void pixelShiftsMirrorAtTheEdge() {
        float[] row = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
        Result result = apply(only(Augmentation.TRANSLATE_INT), row, 1, 1, 16, 0.99, 0.5, ACT);
        assertArrayEquals(new float[] {3, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}, result.image());
        assertArrayEquals(new float[] {1, 0}, result.labels());
    }

    /** Every geometric transform keeps an image of one colour, as far as its margin reaches. */
    @Property(tries = 40)
    void oneColourStaysOneColour(@ForAll long seed) {
        float[] image = new float[2 * 12 * 20];
        Arrays.fill(image, 0, 240, 0.75f);
        Arrays.fill(image, 240, 480, -0.5f);
        float[] before = image.clone();
        Map<Augmentation, Double> gentle = new EnumMap<>(Augmentation.class);
        gentle.put(Augmentation.ROTATE_FRAC, 1.0);
        gentle.put(Augmentation.YFLIP, 1.0);
        AugmentPipeline.of(new AugmentConfig(1, gentle), 2)
                .apply(image, 0, 2, 12, 20, RandomStream.of(seed, Purpose.AUGMENT, 0, 0), new float[3], 0);
        assertArrayEquals(before, image, 1e-5f);
    }

    /** A wave that is long against the pixels, enlarged twofold, is the wave of twice the length. */
    @Test
    void enlargingALongWaveDoublesItsLength() {
        int size = 64;
        float[] wave = new float[size * size];
        float[] longer = new float[size * size];
        for (int i = 0; i < wave.length; i++) {
            double x = i % size - (size - 1) / 2.0;
            wave[i] = (float) Math.cos(2 * Math.PI * x / 16);
            longer[i] = (float) Math.cos(2 * Math.PI * x / 32);
        }
        assertArrayEquals(
                longer,
                apply(only(Augmentation.SCALE), wave, 1, size, size, 5, ACT).image(),
                0.02f);
        // Stretched along x by 4 and along y by 1/4: only x matters to this wave.
        float[] stretched = apply(only(Augmentation.ANISO), wave, 1, size, size, 5, 0.5, ACT, 0.9)
                .image();
        assertArrayEquals(longer, stretched, 0.02f);
    }

    @Test
    void brightnessAndContrastHaveClosedForms() {
        float[] image = image(3, 3, 4, 5);
        Result bright = apply(only(Augmentation.BRIGHTNESS), image, 3, 4, 5, 1.5, ACT);
        Result contrast = apply(only(Augmentation.CONTRAST), image, 3, 4, 5, -2, ACT);
        for (int i = 0; i < image.length; i++) {
            assertEquals(image[i] + 0.3f, bright.image()[i], 1e-6f);
            assertEquals(image[i] / 2, contrast.image()[i], 1e-6f);
        }
        assertArrayEquals(new float[] {1.5f}, bright.labels());
    }

    @Property(tries = 50)
    void hueAndSaturationKeepTheLumaAndLumaFlipInvertsIt(
            @ForAll long seed, @ForAll @IntRange(min = 0, max = 99) int draw) {
        float[] image = image(seed, 3, 3, 3);
        float[] turned =
                apply(only(Augmentation.HUE), image, 3, 3, 3, draw / 100.0, ACT).image();
        float[] saturated = apply(only(Augmentation.SATURATION), image, 3, 3, 3, draw / 50.0 - 1, ACT)
                .image();
        float[] flipped =
                apply(only(Augmentation.LUMAFLIP), image, 3, 3, 3, 1, ACT).image();
        for (int i = 0; i < 9; i++) {
            double luma = luma(image, i);
            assertEquals(luma, luma(turned, i), 1e-6);
            assertEquals(luma, luma(saturated, i), 1e-6);
            assertEquals(-luma, luma(flipped, i), 1e-6);
            assertEquals(chroma(image, i), chroma(turned, i), 1e-5);
            assertEquals(chroma(image, i) * Math.pow(2, draw / 50.0 - 1), chroma(saturated, i), 1e-5);
            assertEquals(chroma(image, i), chroma(flipped, i), 1e-5);
        }
    }

    private static double luma(float[] image, int i) {
        return (image[i] + image[9 + i] + image[18 + i]) / 3.0;
    }

    private static double chroma(float[] image, int i) {
        double luma = luma(image, i);
        return Math.hypot(Math.hypot(image[i] - luma, image[9 + i] - luma), image[18 + i] - luma);
    }

    /** A gray image is changed like the RGB image of equal channels, after the mean of its channels. */
    @Property(tries = 50)
    void grayImagesFollowTheColours(@ForAll long seed) {
        AugmentConfig all = only(
                Augmentation.BRIGHTNESS,
                Augmentation.CONTRAST,
                Augmentation.LUMAFLIP,
                Augmentation.HUE,
                Augmentation.SATURATION);
        float[] gray = image(seed, 1, 3, 3);
        float[] rgb = new float[27];
        for (int i = 0; i < 27; i++) {
            rgb[i] = gray[i % 9];
        }
        AugmentPipeline.of(all, 1)
                .apply(gray, 0, 1, 3, 3, RandomStream.of(seed, Purpose.AUGMENT, 0, 0), new float[6], 0);
        AugmentPipeline.of(all, 3)
                .apply(rgb, 0, 3, 3, 3, RandomStream.of(seed, Purpose.AUGMENT, 0, 0), new float[6], 0);
        for (int i = 0; i < 9; i++) {
            assertEquals(luma(rgb, i), gray[i], 2e-6);
        }
    }

    @Test
    void colourTransformsRefuseOtherNumbersOfChannels() {
        assertTrue(assertThrows(
                        IllegalArgumentException.class,
                        () -> AugmentPipeline.of(only(Augmentation.SCALE, Augmentation.HUE), 4))
                .getMessage()
                .contains("HUE needs images of 1 or 3 channels, these have 4"));
        assertEquals(9, AugmentPipeline.of(AugmentConfig.training(1), 4).labelDim());
    }

    @Test
    void settingsOutOfRangeAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> AugmentConfig.training(1.01));
        assertThrows(IllegalArgumentException.class, () -> AugmentConfig.training(Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> new AugmentConfig(0, Map.of(Augmentation.HUE, -1.0)));
        assertThrows(IllegalArgumentException.class, () -> Augmentation.byName("cutout"));
        assertEquals(0, new AugmentConfig(1, Map.of(Augmentation.HUE, 0.0)).labelDim());
    }

    /** Each transform acts as often as its multiplier says. */
    @Test
    void transformsActAsOftenAsAsked() {
        AugmentPipeline pipeline = AugmentPipeline.of(AugmentConfig.training(0.12), 1);
        int images = 4000;
        int[] acted = new int[9];
        float[] labels = new float[9];
        for (int i = 0; i < images; i++) {
            pipeline.apply(new float[4], 0, 1, 2, 2, RandomStream.of(5, Purpose.AUGMENT, 0, i), labels, 0);
            for (int k = 0; k < labels.length; k++) {
                acted[k] += labels[k] != 0 ? 1 : 0;
            }
        }
        // Four standard deviations of a binomial count.
        double[] expected = {0.5, 0.06, 0.12, 0.12, 0.12, 0.12, 0.06, 0.12, 0.12};
        for (int k = 0; k < acted.length; k++) {
            double share = expected[k];
            assertEquals(share, acted[k] / (double) images, 4 * Math.sqrt(share * (1 - share) / images), "label " + k);
        }
    }
}

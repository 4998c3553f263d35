package org.patchdiffusion.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PatchSizesTest {

    @Test
    void thePapersSizesForPixels() {
        PatchSizes sizes = PatchSizes.of(32, 32, PatchDistribution.ofPixels(0.5), 4);
        assertEquals("[8x8, 16x16, 32x32]", sizes.sizes().toString());
        assertEquals(List.of(0.2, 0.3, 0.5), sizes.probabilities());
        assertEquals(1.9, sizes.expectedMultiplier(), 1e-12);
        assertEquals(64, sizes.batch(16, sizes.sizes().get(0)));
        assertEquals(2.0, sizes.multiplier(sizes.sizes().get(1)));
    }

    @Test
    void thePapersSizesForLatents() {
        PatchSizes sizes = PatchSizes.of(32, 32, PatchDistribution.ofLatents(0.25), 4);
        assertEquals("[16x16, 32x32]", sizes.sizes().toString());
        assertEquals(List.of(0.75, 0.25), sizes.probabilities());
        assertEquals(1.75, sizes.expectedMultiplier(), 1e-12);
    }

    @Test
    void sizesThatNeverOccurAreLeftOut() {
        assertEquals(
                "[30x30]",
                PatchSizes.of(30, 30, PatchDistribution.ofPixels(1), 2).sizes().toString());
        assertEquals(
                "[8x8, 16x16]",
                PatchSizes.of(32, 32, PatchDistribution.ofPixels(0), 4).sizes().toString());
        assertEquals(1, PatchSizes.of(32, 32, PatchDistribution.ofPixels(1), 4).expectedMultiplier());
    }

    @Test
    void patchesKeepTheAspectOfTheImage() {
        assertEquals(
                "[16x12, 32x24, 64x48]",
                PatchSizes.of(48, 64, PatchDistribution.ofPixels(0.5), 4)
                        .sizes()
                        .toString());
    }

    @Test
    void anyListOfSizes() {
        PatchSizes sizes = of(64, "64:0.5, 48:0.25, 16:0.25", 16);
        assertEquals("[16x16, 48x48, 64x64]", sizes.sizes().toString());
        assertEquals(21, sizes.batch(16, new PatchSize(48, 48)));
        assertEquals(0.5 + 0.25 * 4 / 3 + 0.25 * 4, sizes.expectedMultiplier(), 1e-12);
    }

    @Test
    void sizesThatTheNetworkCannotTakeAreRefused() {
        Exception e = assertThrows(
                IllegalArgumentException.class, () -> PatchSizes.of(30, 30, PatchDistribution.ofPixels(0.5), 4));
        assertEquals(
                "patch size 1/4 (7 pixels of the shorter side) does not fit images of 30x30: expected at most 30 pixels,"
                        + " with both sides of the patch a multiple of 4 for the network; choose another size, fewer"
                        + " levels or another resolution",
                e.getMessage());
        assertTrue(assertThrows(IllegalArgumentException.class, () -> of(64, "1/3:1", 4))
                .getMessage()
                .startsWith("patch size 1/3 (21 pixels of the shorter side) does not fit images of 64x64"));
        assertThrows(IllegalArgumentException.class, () -> PatchSizes.of(32, 33, PatchDistribution.ofPixels(0.5), 4));
        assertThrows(IllegalArgumentException.class, () -> of(32, "64:1", 4));
        assertThrows(IllegalArgumentException.class, () -> of(32, "0:1", 4));
    }

    @Test
    void probabilitiesThatAreNoneAreRefused() {
        for (double p : new double[] {-0.1, 1.1, Double.NaN}) {
            Exception e = assertThrows(
                    IllegalArgumentException.class, () -> PatchSizes.of(32, 32, PatchDistribution.ofPixels(p), 4));
            assertEquals("share of whole images (real_p) is " + p + ", expected 0 to 1", e.getMessage());
        }
        for (String text :
                new String[] {"16:0.5,32:0.6", "16:1.5,32:-0.5", "16:NaN,32:0.5", "16:0.5,1/2:0.5", "16:0.5,32:"}) {
            assertThrows(IllegalArgumentException.class, () -> of(32, text, 4), text);
        }
    }

    @Test
    void distributionsAreTextAndBack() {
        for (String text : new String[] {"1/4:0.2,1/2:0.3,1:0.5", "16:0.25,3/4:0.125,1:0.625", "1:1.0"}) {
            assertEquals(text, PatchDistribution.parse(text).toString());
        }
        assertEquals(PatchDistribution.ofPixels(0.5), PatchDistribution.parse(" 1/4:0.2, 1/2:.3, 1:5e-1"));
        PatchDistribution third = PatchDistribution.ofPixels(1 / 3.0);
        assertEquals(third, PatchDistribution.parse(third.toString()));
        assertEquals(
                "[16x16, 24x24, 32x32]",
                of(32, "1/2:0.2,24:0.3,1/1:0.5", 8).sizes().toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | \"\" is not size:probability",
                "1/2 | \"1/2\" is not size:probability",
                "1/2:0.5,,1:0.5 | \"\" is not size:probability",
                "half:1 | \"half\" is not a size",
                "0.5:1 | \"0.5\" is not a size",
                "1/0:1 | \"1/0\" is not a size",
                "1/2:x | \"x\" is not a probability",
                "1/2:0.5 | the probabilities have the sum 0.5",
                "99999999999:1 | \"99999999999\" is not a size",
            })
    void textsThatAreNoDistributionAreRefused(String text, String problem) {
        String message = assertThrows(IllegalArgumentException.class, () -> PatchDistribution.parse(text))
                .getMessage();
        assertEquals(
                "patch sizes: " + problem
                        + "; expected sizes with probabilities of sum 1, as 1/4:0.2,1/2:0.3,1:0.5 (shares"
                        + " of the image's sides) or 16:0.5,64:0.5 (pixels)",
                message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1/4:0.5,1/4:0.5 | 1/4 of \"1/4:0.5,1/4:0.5\"",
                "1/4:0.25,2/8:0.25,1:0.5 | 2/8 of \"1/4:0.25,2/8:0.25,1:0.5\"",
                "16:0,16:1 | 16 of \"16:0.0,16:1.0\"",
            })
    void aSizeGivenTwiceIsRefusedBeforeAnyImageIsKnown(String text, String twice) {
        assertEquals(
                "patch sizes: " + twice + " occurs twice; give each size once, with the sum of its probabilities",
                assertThrows(IllegalArgumentException.class, () -> PatchDistribution.parse(text))
                        .getMessage());
    }

    @Test
    void sizesThatAreOneForTheseImagesAreRefused() {
        assertEquals(
                "patch sizes: two of 1/2:0.5,16:0.5 are 16x16 for images of 32x32; give each size once",
                assertThrows(IllegalArgumentException.class, () -> of(32, "1/2:0.5,16:0.5", 4))
                        .getMessage());
    }

    @Test
    void ratiosAboveOneAreRefused() {
        assertEquals(
                "patch size 3/2 of the image, expected more than nothing and at most all of it",
                assertThrows(IllegalArgumentException.class, () -> PatchDistribution.parse("3/2:1"))
                        .getMessage());
    }

    private static PatchSizes of(int side, String distribution, int divisor) {
        return PatchSizes.of(side, side, PatchDistribution.parse(distribution), divisor);
    }

    @Property(tries = 10)
    void sizesAreDrawnByTheirProbabilities(@ForAll @DoubleRange(min = 0, max = 1) double realP) {
        PatchSizes sizes = PatchSizes.of(32, 32, PatchDistribution.ofPixels(realP), 4);
        int n = 4000;
        Map<PatchSize, Integer> count = new HashMap<>();
        for (int step = 0; step < n; step++) {
            count.merge(sizes.sizeAt(11, step), 1, Integer::sum);
        }
        for (int i = 0; i < sizes.sizes().size(); i++) {
            double p = sizes.probabilities().get(i);
            assertEquals(p * n, count.getOrDefault(sizes.sizes().get(i), 0), 5 * Math.sqrt(n * p * (1 - p)) + 1);
        }
    }

    @Property(tries = 50)
    void progressiveSizesGrowAndKeepTheirSharesOfTheImages(
            @ForAll @DoubleRange(min = 0, max = 1) double realP, @ForAll @IntRange(min = 1, max = 500) int total) {
        PatchSizes sizes = PatchSizes.of(32, 32, PatchDistribution.ofPixels(realP), 4);
        PatchSchedule schedule = sizes.progressive(total, 4);
        Map<PatchSize, Integer> images = new HashMap<>();
        long shown = 0;
        for (int step = 0; shown < total; step++) {
            // The size whose share of the images the step starts in.
            double cumulative = 0;
            int i = 0;
            while (i < sizes.sizes().size() - 1
                    && shown >= (cumulative + sizes.probabilities().get(i)) * total) {
                cumulative += sizes.probabilities().get(i++);
            }
            PatchSize size = schedule.at(step);
            assertEquals(sizes.sizes().get(i), size);
            images.merge(size, sizes.batch(4, size), Integer::sum);
            shown += sizes.batch(4, size);
        }
        for (int i = 0; i < sizes.sizes().size(); i++) {
            assertEquals(
                    sizes.probabilities().get(i) * total,
                    images.getOrDefault(sizes.sizes().get(i), 0),
                    16.001);
        }
        assertEquals(sizes.sizes().get(sizes.sizes().size() - 1), schedule.at(1_000_000_000_000L));
    }
}

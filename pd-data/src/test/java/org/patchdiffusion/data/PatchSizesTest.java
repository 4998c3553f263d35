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

class PatchSizesTest {

    @Test
    void thePapersSizesForPixels() {
        PatchSizes sizes = PatchSizes.ofPixels(32, 32, 0.5, 4);
        assertEquals("[8x8, 16x16, 32x32]", sizes.sizes().toString());
        assertEquals(List.of(0.2, 0.3, 0.5), sizes.probabilities());
        assertEquals(1.9, sizes.expectedMultiplier(), 1e-12);
        assertEquals(64, sizes.batch(16, sizes.sizes().get(0)));
        assertEquals(2.0, sizes.multiplier(sizes.sizes().get(1)));
    }

    @Test
    void thePapersSizesForLatents() {
        PatchSizes sizes = PatchSizes.ofLatents(32, 32, 0.25, 4);
        assertEquals("[16x16, 32x32]", sizes.sizes().toString());
        assertEquals(List.of(0.75, 0.25), sizes.probabilities());
        assertEquals(1.75, sizes.expectedMultiplier(), 1e-12);
    }

    @Test
    void sizesThatNeverOccurAreLeftOut() {
        assertEquals("[30x30]", PatchSizes.ofPixels(30, 30, 1, 2).sizes().toString());
        assertEquals("[8x8, 16x16]", PatchSizes.ofPixels(32, 32, 0, 4).sizes().toString());
        assertEquals(1, PatchSizes.ofPixels(32, 32, 1, 4).expectedMultiplier());
    }

    @Test
    void patchesKeepTheAspectOfTheImage() {
        assertEquals(
                "[16x12, 32x24, 64x48]",
                PatchSizes.ofPixels(48, 64, 0.5, 4).sizes().toString());
    }

    @Test
    void anyListOfSizes() {
        PatchSizes sizes = PatchSizes.of(64, 64, List.of(64, 48, 16), List.of(0.5, 0.25, 0.25), 16);
        assertEquals("[16x16, 48x48, 64x64]", sizes.sizes().toString());
        assertEquals(21, sizes.batch(16, new PatchSize(48, 48)));
        assertEquals(0.5 + 0.25 * 4 / 3 + 0.25 * 4, sizes.expectedMultiplier(), 1e-12);
    }

    @Test
    void sizesThatTheNetworkCannotTakeAreRefused() {
        Exception e = assertThrows(IllegalArgumentException.class, () -> PatchSizes.ofPixels(30, 30, 0.5, 4));
        assertEquals(
                "patch size 7 of a 30x30 image: expected 1 to 30, with both sides of the patch a multiple of 4 for the"
                        + " network; choose another size, fewer levels or another resolution",
                e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> PatchSizes.ofPixels(32, 33, 0.5, 4));
        assertThrows(IllegalArgumentException.class, () -> PatchSizes.of(32, 32, List.of(64), List.of(1.0), 4));
        assertThrows(IllegalArgumentException.class, () -> PatchSizes.of(32, 32, List.of(0), List.of(1.0), 4));
    }

    @Test
    void probabilitiesThatAreNoneAreRefused() {
        for (double p : new double[] {-0.1, 1.1, Double.NaN}) {
            Exception e = assertThrows(IllegalArgumentException.class, () -> PatchSizes.ofPixels(32, 32, p, 4));
            assertEquals("share of whole images (real_p) is " + p + ", expected 0 to 1", e.getMessage());
        }
        List<Integer> sides = List.of(16, 32);
        assertThrows(IllegalArgumentException.class, () -> PatchSizes.of(32, 32, sides, List.of(0.5, 0.6), 4));
        assertThrows(IllegalArgumentException.class, () -> PatchSizes.of(32, 32, sides, List.of(1.5, -0.5), 4));
        assertThrows(IllegalArgumentException.class, () -> PatchSizes.of(32, 32, sides, List.of(1.0), 4));
        assertThrows(
                IllegalArgumentException.class, () -> PatchSizes.of(32, 32, List.of(16, 16), List.of(0.5, 0.5), 4));
    }

    @Property(tries = 10)
    void sizesAreDrawnByTheirProbabilities(@ForAll @DoubleRange(min = 0, max = 1) double realP) {
        PatchSizes sizes = PatchSizes.ofPixels(32, 32, realP, 4);
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
    void progressiveSizesGrowAndKeepTheirShares(
            @ForAll @DoubleRange(min = 0, max = 1) double realP, @ForAll @IntRange(min = 1, max = 500) int total) {
        PatchSizes sizes = PatchSizes.ofPixels(32, 32, realP, 4);
        PatchSchedule schedule = sizes.progressive(total);
        Map<PatchSize, Integer> count = new HashMap<>();
        for (int step = 0; step < total; step++) {
            count.merge(schedule.at(step), 1, Integer::sum);
            assertTrue(step == 0
                    || schedule.at(step).height() >= schedule.at(step - 1).height());
        }
        for (int i = 0; i < sizes.sizes().size(); i++) {
            assertEquals(
                    sizes.probabilities().get(i) * total,
                    count.getOrDefault(sizes.sizes().get(i), 0),
                    1.001);
        }
        assertEquals(sizes.sizes().get(sizes.sizes().size() - 1), schedule.at(total));
    }
}

package org.patchdiffusion.eval.sample;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.data.PatchSize;
import org.patchdiffusion.model.Denoiser;

class GuidanceTest {
    private static final float[] X = {0.3f, -1.2f, 0.7f, 2.5f, -0.4f, 0.1f, 1.9f, -2.2f};

    /** sin(x) plus a shift of the class; gives the same array again and again, as a compiled model does. */
    private static final class Shifting implements Denoiser {
        private final List<Long> batches = new ArrayList<>();
        private final KeptArray answer = new KeptArray();

        @Override
        public INDArray denoise(INDArray x, INDArray sigma, INDArray labels) {
            batches.add(x.size(0));
            INDArray result = answer.like(x);
            for (int i = 0; i < x.length(); i++) {
                int image = i / (int) (x.length() / x.size(0));
                result.putScalar(i, value(x.getDouble(i), labels.getDouble(image, 0), labels.getDouble(image, 1)));
            }
            return result;
        }

        static double value(double x, double first, double second) {
            return Math.sin(x) + 0.5 * first - 1.5 * second;
        }
    }

    private static final Denoiser HALF = (x, sigma, labels) -> x.mul(0.5);

    private static INDArray images() {
        return Nd4j.createFromArray(X).reshape(2, 1, 2, 2);
    }

    private static INDArray labels() {
        return Nd4j.createFromArray(new float[][] {{1, 0}, {0, 1}});
    }

    private static INDArray at(double sigma) {
        return Nd4j.valueArrayOf(new long[] {2}, sigma, DataType.FLOAT);
    }

    @Property(tries = 50)
    void classifierFreeGuidanceIsTheFormula(@ForAll @DoubleRange(min = -2, max = 8) double weight) {
        Shifting model = new Shifting();
        try (ClassifierFreeDenoiser guided = new ClassifierFreeDenoiser(model, Guidance.of(weight))) {
            INDArray got = guided.denoise(images(), at(1), labels());
            for (int i = 0; i < X.length; i++) {
                double conditional = Shifting.value(X[i], i < 4 ? 1 : 0, i < 4 ? 0 : 1);
                double unconditional = Shifting.value(X[i], 0, 0);
                double want = unconditional + weight * (conditional - unconditional);
                assertEquals(
                        want, got.getDouble(i), 1e-6 * Math.max(1, Math.abs(want)) * Math.max(1, Math.abs(weight)));
            }
            // One pass over both halves, or one without guidance.
            assertEquals(List.of(weight == 1 ? 2L : 4L), model.batches);
        }
    }

    @Property(tries = 50)
    void autoguidanceIsTheFormula(@ForAll @DoubleRange(min = -2, max = 8) double weight) {
        try (GuidedDenoiser guided = new GuidedDenoiser(new Shifting(), HALF, Guidance.of(weight))) {
            INDArray got = guided.denoise(images(), at(1), labels());
            for (int i = 0; i < X.length; i++) {
                double strong = Shifting.value(X[i], i < 4 ? 1 : 0, i < 4 ? 0 : 1);
                double want = 0.5 * X[i] + weight * (strong - 0.5 * X[i]);
                assertEquals(
                        want, got.getDouble(i), 1e-6 * Math.max(1, Math.abs(want)) * Math.max(1, Math.abs(weight)));
            }
        }
    }

    @Test
    void anIntervalLeavesOtherNoiseLevelsAsTheyAre() {
        Guidance guidance = new Guidance(3, new NoiseInterval(0.5, 2));
        List<Double> asked = new ArrayList<>();
        Denoiser weaker = (x, sigma, labels) -> {
            asked.add(sigma.getDouble(0));
            return x.mul(0.5);
        };
        Shifting model = new Shifting();
        try (GuidedDenoiser guided = new GuidedDenoiser(model, weaker, guidance)) {
            for (double sigma : new double[] {0.25, 0.5, 1, 2, 4}) {
                double got = guided.denoise(images(), at(sigma), labels()).getDouble(0);
                double strong = Shifting.value(X[0], 1, 0);
                boolean acts = sigma >= 0.5 && sigma <= 2;
                assertEquals(acts ? 0.5 * X[0] + 3 * (strong - 0.5 * X[0]) : strong, got, 1e-6, "at " + sigma);
            }
        }
        assertEquals(List.of(0.5, 1.0, 2.0), asked);
    }

    @Test
    void aWeightOfOneIsBitEqualToNone() {
        float[] plain = new Shifting()
                .denoise(images(), at(1), labels())
                .dup('c')
                .data()
                .asFloat();
        try (ClassifierFreeDenoiser free = new ClassifierFreeDenoiser(new Shifting(), Guidance.of(1));
                GuidedDenoiser auto = new GuidedDenoiser(new Shifting(), HALF, Guidance.of(1))) {
            for (Denoiser guided : new Denoiser[] {free, auto}) {
                assertArrayEquals(
                        plain,
                        guided.denoise(images(), at(1), labels())
                                .dup('c')
                                .data()
                                .asFloat());
            }
        }
    }

    @Test
    void slidingWindowGuidanceIsTheFormula() {
        // The model smooths over the whole row; a window of it knows its own two columns only.
        Denoiser whole = (x, sigma, labels) -> rowMeans(x);
        Tiling tiling = new Tiling(new PatchSize(2, 2), 1, Tiling.Weighting.EVEN);
        INDArray x = Nd4j.createFromArray(1f, 2f, 4f, 8f, 3f, 5f, 7f, 1f).reshape(1, 1, 2, 4);
        try (TiledDenoiser windows = new TiledDenoiser(
                        (patch, sigma, labels, positions) -> rowMeans(patch), Canvas.whole(2, 4), tiling);
                GuidedDenoiser guided = new GuidedDenoiser(whole, windows, Guidance.of(2))) {
            INDArray got = guided.denoise(x, Nd4j.ones(DataType.FLOAT, 1), null);
            assertEquals(3, windows.windowCount());
            // Window means of row 0 are 1.5, 3 and 6; those of row 1 are 4, 6 and 4.
            double[][] weak = {{1.5, 2.25, 4.5, 6}, {4, 5, 5, 4}};
            double[] strong = {3.75, 4};
            for (int row = 0; row < 2; row++) {
                for (int column = 0; column < 4; column++) {
                    double want = weak[row][column] + 2 * (strong[row] - weak[row][column]);
                    assertEquals(want, got.getDouble(0, 0, row, column), 1e-6, row + ", " + column);
                }
            }
        }
    }

    private static INDArray rowMeans(INDArray x) {
        return x.mul(0).addi(x.mean(true, 3));
    }

    @Test
    void whatDoesNotFitIsNamed() {
        try (ClassifierFreeDenoiser free = new ClassifierFreeDenoiser(new Shifting(), Guidance.of(2))) {
            Exception none = assertThrows(IllegalArgumentException.class, () -> free.denoise(images(), at(1), null));
            assertTrue(none.getMessage().startsWith("guidance needs class labels and got none"), none.getMessage());
        }
        Exception weight = assertThrows(IllegalArgumentException.class, () -> Guidance.of(Double.NaN));
        assertEquals("guidance weight is NaN, expected a finite number", weight.getMessage());
        assertThrows(IllegalArgumentException.class, () -> new NoiseInterval(2, 1));
    }
}

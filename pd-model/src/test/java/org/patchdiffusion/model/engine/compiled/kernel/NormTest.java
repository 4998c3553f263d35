package org.patchdiffusion.model.engine.compiled.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.IntUnaryOperator;
import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.patchdiffusion.model.engine.compiled.ir.ChannelMap;
import org.patchdiffusion.model.engine.compiled.ir.Norm;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/** Both passes of group norm against the closed form in float64, far from zero too. */
class NormTest {
    private static final int LANES = 16;
    private static final double EPSILON = 1e-5;

    private final SplittableRandom random = new SplittableRandom(4);

    /** One image of some channels, all of its groups alike in size. */
    private final class Case {
        private final int channels;
        private final int pixels;
        private final int groups;
        private final double[] x;
        private final double[] dy;
        private final double[] gamma;
        private final double[] shift;

        Case(int channels, int side, int groups, double mean) {
            this.channels = channels;
            this.pixels = side * side;
            this.groups = groups;
            x = gaussian(channels * pixels, mean, 1);
            // A loss of squares pulls along the values, so that the gradient's part along them is large.
            dy = gaussian(channels * pixels, 0, 0.5);
            Arrays.setAll(dy, i -> (float) (dy[i] + x[i] - mean));
            gamma = gaussian(channels, 1, 0.2);
            shift = gaussian(channels, 0, 1);
        }

        private double[] gaussian(int n, double mean, double deviation) {
            double[] numbers = new double[n];
            Arrays.setAll(numbers, i -> (float) (mean + deviation * random.nextGaussian()));
            return numbers;
        }

        /** Where number i of the groups in order stands in blocks of channels. */
        private int blocked(int i) {
            int channel = i / pixels;
            return (channel / LANES * pixels + i % pixels) * LANES + channel % LANES;
        }

        private double shifted(int i) {
            return x[i] + shift[i / pixels];
        }

        /** Normalised values, then the gradient of the input. */
        private double[][] exact() {
            double[] normal = new double[x.length];
            double[] dx = new double[x.length];
            int size = x.length / groups;
            for (int from = 0; from < x.length; from += size) {
                double mean = 0;
                for (int i = from; i < from + size; i++) {
                    mean += shifted(i) / size;
                }
                double variance = 0;
                for (int i = from; i < from + size; i++) {
                    variance += Math.pow(shifted(i) - mean, 2) / size;
                }
                double inverse = 1 / Math.sqrt(variance + EPSILON);
                double sum = 0;
                double product = 0;
                for (int i = from; i < from + size; i++) {
                    normal[i] = (shifted(i) - mean) * inverse;
                    sum += dy[i] * gamma[i / pixels] / size;
                    product += dy[i] * gamma[i / pixels] * normal[i] / size;
                }
                for (int i = from; i < from + size; i++) {
                    dx[i] = inverse * (dy[i] * gamma[i / pixels] - sum - normal[i] * product);
                }
            }
            return new double[][] {normal, dx};
        }
    }

    @ParameterizedTest
    @CsvSource({"32, 16, 8, 0", "32, 16, 32, 10", "24, 5, 3, 10", "16, 64, 4, 30", "48, 8, 6, -100"})
    void bothPassesHoldWhateverTheMean(int channels, int side, int groups, double mean) {
        Case test = new Case(channels, side, groups, mean);
        Value image = Value.image("x", 1, channels, side, side, true);
        image.place(Value.Layout.BLOCKED, ChannelMap.dense(channels, LANES));
        Norm.Settings settings = new Norm.Settings("gamma", "beta", groups, EPSILON, false);
        NormVectors vectors = new NormVectors(channels);
        vectors.readParameters(memory(test.gamma, i -> i, 2 * channels), 0, channels);
        int floats = image.physicalChannels() * test.pixels;
        Floats x = memory(test.x, test::blocked, floats);
        Floats shift = memory(test.shift, i -> i, channels);
        Floats y = memory(new double[0], i -> i, floats);
        Floats statistics = memory(new double[0], i -> i, Norm.ROWS * image.physicalChannels());
        new NormForward(settings, image, vectors, new Tiles())
                .run(new NormForward.Tensors(x, shift, null, y, statistics), 0, 0);
        Floats dx = memory(new double[0], i -> i, floats);
        Floats dShift = memory(new double[0], i -> i, channels);
        NormBackward backward = new NormBackward(settings, image, 1f, vectors, new Tiles());
        backward.start();
        backward.run(
                new NormBackward.Tensors(
                        x, null, statistics, memory(test.dy, test::blocked, floats), null, dx, dShift, null),
                0,
                0);

        double[][] exact = test.exact();
        double rounding = 1e-6 * Math.max(1, Math.abs(mean));
        for (int c = 0; c < channels; c++) {
            double gammaGradient = 0;
            double sum = 0;
            double summed = 0;
            for (int i = c * test.pixels; i < (c + 1) * test.pixels; i++) {
                assertEquals(exact[0][i] * test.gamma[c], y.get(test.blocked(i)), 4 * rounding);
                assertEquals(exact[1][i], dx.get(test.blocked(i)), 1e-6 * 8);
                gammaGradient += test.dy[i] * exact[0][i];
                sum += exact[1][i];
                summed += dx.get(test.blocked(i));
            }
            // A gradient of a bias before the norm: next to nothing of 4,096 pixels, where all rounding has one sign.
            assertEquals(sum, summed, 2e-7 * test.pixels, "sum over the pixels of channel " + c);
            assertEquals(sum, dShift.get(c), 2e-7 * test.pixels, "gradient of the embedding of channel " + c);
            assertEquals(gammaGradient, backward.gammaGradient()[c], 1e-6 * test.pixels + 1e-5);
        }
    }

    private static Floats memory(double[] numbers, IntUnaryOperator place, int floats) {
        FloatPointer pointer = new FloatPointer(floats);
        Floats memory = new Floats(pointer, floats);
        memory.put(0, new float[floats], 0, floats);
        for (int i = 0; i < numbers.length; i++) {
            memory.put(place.applyAsInt(i), (float) numbers[i]);
        }
        return memory;
    }
}

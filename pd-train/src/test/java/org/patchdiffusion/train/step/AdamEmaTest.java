package org.patchdiffusion.train.step;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.Parameters;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.train.checkpoint.TrainingState;

class AdamEmaTest {
    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.999;
    private static final double EPSILON = 1e-8;
    /** Neither a multiple of the tile nor of the block. */
    private static final int LENGTH = 3 * 64 * 1024 + 1000;

    private static ParameterLayout layout(int length) {
        return ParameterLayout.builder().add("w", length).build();
    }

    private static TrainingState randomState(int length, long seed) {
        Random random = new Random(seed);
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return TrainingState.start(new Parameters(layout(length), Nd4j.createFromArray(values)));
    }

    /** Two parts with a few values that are not finite, alone or in the sum only. */
    private static float[][] randomParts(int length, int step) {
        Random random = new Random(100 + step);
        float[][] parts = new float[2][length];
        for (int i = 0; i < length; i++) {
            parts[0][i] = (float) (random.nextGaussian() * Math.exp(3 * random.nextGaussian()));
            parts[1][i] = (float) random.nextGaussian();
        }
        parts[0][3] = Float.NaN;
        parts[1][500] = Float.POSITIVE_INFINITY;
        parts[0][7777] = Float.NEGATIVE_INFINITY;
        parts[0][length - 1] = Float.POSITIVE_INFINITY;
        parts[1][length - 1] = Float.NEGATIVE_INFINITY;
        parts[0][9000] = 3e38f;
        parts[1][9000] = 3e38f;
        parts[0][9001] = 3e6f;
        return parts;
    }

    private static Gradients gradients(float[][] parts) {
        Gradients gradients = Gradients.zeros(layout(parts[0].length), parts.length);
        for (int p = 0; p < parts.length; p++) {
            gradients.parts().get(p).assign(Nd4j.createFromArray(parts[p]));
        }
        return gradients;
    }

    /** Adam and the average as PyTorch writes them, in double precision and one element at a time. */
    private static final class Naive {
        final double[] p;
        final double[] e;
        final double[] m;
        final double[] v;
        /** The largest gradient so far: what rounding in the first moment is relative to. */
        final double[] largest;

        int step;

        Naive(float[] start) {
            p = new double[start.length];
            for (int i = 0; i < p.length; i++) {
                p[i] = start[i];
            }
            e = p.clone();
            m = new double[p.length];
            v = new double[p.length];
            largest = new double[p.length];
        }

        void step(float[][] parts, double lr, double emaBeta) {
            step++;
            double stepSize = lr / (1 - Math.pow(BETA1, step));
            double root2 = Math.sqrt(1 - Math.pow(BETA2, step));
            for (int i = 0; i < p.length; i++) {
                double g = parts[0][i] + parts[1][i];
                g = Double.isNaN(g)
                        ? 0
                        : g == Double.POSITIVE_INFINITY ? 1e5 : g == Double.NEGATIVE_INFINITY ? -1e5 : g;
                largest[i] = Math.max(largest[i], Math.abs(g));
                m[i] = BETA1 * m[i] + (1 - BETA1) * g;
                v[i] = BETA2 * v[i] + (1 - BETA2) * g * g;
                p[i] -= stepSize * m[i] / (Math.sqrt(v[i]) / root2 + EPSILON);
                e[i] = emaBeta * e[i] + (1 - emaBeta) * p[i];
            }
        }
    }

    @Test
    void agreesWithTheNaiveFormInDoublePrecision() {
        TrainingState state = randomState(LENGTH, 1);
        Naive naive = new Naive(state.parameters().flat().toFloatVector());
        try (AdamEma optimizer = new AdamEma(BETA1, BETA2, EPSILON, 2)) {
            for (int step = 0; step < 4; step++) {
                float[][] parts = randomParts(LENGTH, step);
                double lr = step == 0 ? 0 : 0.02;
                optimizer.apply(state, gradients(parts), lr, 0.3 * step);
                state.advance(1);
                naive.step(parts, lr, 0.3 * step);
            }
        }
        assertClose(naive.m, state.firstMoment(), 1e-6, naive.largest);
        assertClose(naive.v, state.secondMoment(), 1e-6, naive.v);
        assertClose(naive.p, state.parameters(), 1e-6, naive.p);
        assertClose(naive.e, state.ema(), 1e-6, naive.e);
    }

    @Test
    void firstStepAtRateZeroMovesTheMomentsOnly() {
        TrainingState state = randomState(5000, 2);
        float[] before = state.parameters().flat().toFloatVector();
        float[][] parts = new float[1][5000];
        Arrays.fill(parts[0], 2f);
        try (AdamEma optimizer = new AdamEma(BETA1, BETA2, EPSILON, 1)) {
            optimizer.apply(state, gradients(parts), 0, 0);
        }
        assertArrayEquals(before, state.parameters().flat().toFloatVector());
        assertArrayEquals(before, state.ema().flat().toFloatVector());
        assertEquals(0.2f, state.firstMoment().flat().getFloat(4999), 1e-7f);
        assertEquals(0.004f, state.secondMoment().flat().getFloat(4999), 1e-9f);
    }

    @Test
    void resultDoesNotDependOnTheNumberOfThreads() {
        float[][] bits = new float[3][];
        for (int threads = 1; threads <= 3; threads++) {
            TrainingState state = randomState(LENGTH, 3);
            try (AdamEma optimizer = new AdamEma(BETA1, BETA2, EPSILON, threads)) {
                for (int step = 0; step < 2; step++) {
                    optimizer.apply(state, gradients(randomParts(LENGTH, step)), 0.01, 0.9);
                    state.advance(1);
                }
            }
            bits[threads - 1] = state.ema().flat().toFloatVector();
        }
        assertArrayEquals(bits[0], bits[1]);
        assertArrayEquals(bits[0], bits[2]);
    }

    @Test
    void refusesAGradientOfAnotherModel() {
        try (AdamEma optimizer = new AdamEma(BETA1, BETA2, EPSILON, 1)) {
            TrainingState state = randomState(10, 4);
            Gradients other = Gradients.zeros(layout(11), 1);
            String message = assertThrows(IllegalArgumentException.class, () -> optimizer.apply(state, other, 0.1, 0.5))
                    .getMessage();
            assertEquals("the gradient has 11 elements, but the model has 10 parameters", message);
        }
    }

    /** Each element to a bound relative to {@code scale} (at least 1). */
    private static void assertClose(double[] want, Parameters got, double bound, double[] scale) {
        float[] values = got.flat().toFloatVector();
        int worst = 0;
        double worstError = 0;
        for (int i = 0; i < want.length; i++) {
            double error = Math.abs(want[i] - values[i]) / Math.max(1, scale[i]);
            if (!(error <= worstError)) {
                worst = i;
                worstError = error;
            }
        }
        assertEquals(want[worst], values[worst], bound * Math.max(1, scale[worst]), "element " + worst);
    }
}

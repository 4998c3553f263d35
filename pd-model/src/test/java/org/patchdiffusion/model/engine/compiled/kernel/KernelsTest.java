package org.patchdiffusion.model.engine.compiled.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.patchdiffusion.model.engine.compiled.ChildJvm;
import org.patchdiffusion.model.engine.compiled.ProcessorsTest;

/** Both forms of the kernels, each in a JVM that chooses it by itself, against float64 arithmetic and each other. */
class KernelsTest {

    @ParameterizedTest
    @ValueSource(strings = {"PlainKernels", "VectorKernels"})
    void agreeWithTheNaiveForm(String kernels) throws Exception {
        ChildJvm.run(ProcessorsTest.flags(kernels), Map.of(), Child.class, kernels);
    }

    /** A float64 result, and how far from it float32 arithmetic may end. */
    private record Expected(double value, double tolerance) {}

    static final class Child {
        private static final double UNIT = Math.pow(2, -24);
        private final SplittableRandom random = new SplittableRandom(3);
        private final float[] x = tile(1);
        private final float[] y = tile(1);
        private final float[] a = tile(1);
        private final float[] b = tile(1);
        private final float[] c = tile(1);
        private final float[] d = tile(1);
        private final float[] sums = tile(10);
        private final float[] moreSums = tile(10);
        private final Kernels kernels;
        private final int n;

        private Child(Kernels kernels, int n) {
            this.kernels = kernels;
            this.n = n;
            // From where SiLU is flat to where tanh is clamped, and beyond.
            float[] special = {0f, -0f, 100f, -100f, 3e37f, -3e37f, 1e-30f, 16f, -16f};
            System.arraycopy(special, 0, x, 0, Math.min(n, special.length));
        }

        /** @param args the kernels that the JVM must have chosen */
        public static void main(String[] args) {
            assertEquals(args[0], Kernels.create(Tiles.SIZE).getClass().getSimpleName());
            for (int n : new int[] {1, 7, 16, 24, 1000, Tiles.SIZE}) {
                new Child(Kernels.create(Tiles.SIZE), n).checkAll();
            }
        }

        private float[] tile(double scale) {
            float[] tile = new float[Tiles.SIZE];
            for (int i = 0; i < tile.length; i++) {
                tile[i] = (float) (scale * random.nextGaussian());
            }
            return tile;
        }

        private void checkAll() {
            Kernels plain = new PlainKernels(Tiles.SIZE);
            float[] other = new float[Tiles.SIZE];
            float[] out = new float[Tiles.SIZE];

            kernels.affineSilu(x, a, b, out, n);
            plain.affineSilu(x, a, b, other, n);
            check("SiLU", out, other, this::silu);

            System.arraycopy(y, 0, out, 0, n);
            kernels.affineSiluGradient(x, a, b, out, out, n);
            plain.affineSiluGradient(x, a, b, y, other, n);
            check("SiLU gradient", out, other, this::siluGradient);

            kernels.combine(y, a, x, d, b, c, out, n);
            plain.combine(y, a, x, d, b, c, other, n);
            check(
                    "combine",
                    out,
                    other,
                    i -> sum(product(y[i], a[i]), product(x[i], b[i]), -product(d[i], b[i]), c[i]));

            kernels.combineAdd(y, a, x, d, b, c, sums, 0.75f, out, n);
            plain.combineAdd(y, a, x, d, b, c, sums, 0.75f, other, n);
            check(
                    "combine and add",
                    out,
                    other,
                    i -> sum(product(y[i], a[i]), product(x[i], b[i]), -product(d[i], b[i]), c[i], 0.75 * sums[i]));

            float[][] got = {sums.clone(), moreSums.clone()};
            float[][] plainly = {sums.clone(), moreSums.clone()};
            kernels.addCentred(y, c, got[0], got[1], n);
            plain.addCentred(y, c, plainly[0], plainly[1], n);
            check("sum", got[0], plainly[0], i -> sum(sums[i], difference(y[i], c[i])));
            check("squares", got[1], plainly[1], i -> sum(moreSums[i], Math.pow(difference(y[i], c[i]), 2)));
            checkRest(got);

            got = new float[][] {sums.clone(), moreSums.clone()};
            plainly = new float[][] {sums.clone(), moreSums.clone()};
            kernels.addGradient(b, y, c, got[0], got[1], n);
            plain.addGradient(b, y, c, plainly[0], plainly[1], n);
            check("gradient sum", got[0], plainly[0], i -> sum(sums[i], b[i]));
            check("products", got[1], plainly[1], i -> sum(moreSums[i], b[i] * difference(y[i], c[i])));
            checkRest(got);
        }

        private static double product(float p, float q) {
            return (double) p * q;
        }

        private static double difference(float p, float q) {
            return (double) p - q;
        }

        private static Expected sum(double... terms) {
            double value = 0;
            double scale = 0;
            for (double term : terms) {
                value += term;
                scale += Math.abs(term);
            }
            return new Expected(value, 4 * UNIT * scale);
        }

        /** The rational tanh is within 1e-6 or so of the true one, and SiLU multiplies that by its argument. */
        private Expected silu(int i) {
            double z = product(x[i], a[i]) + b[i];
            double scale = Math.abs(product(x[i], a[i])) + Math.abs(b[i]);
            return new Expected(z / (1 + Math.exp(-z)), 1e-6 * scale);
        }

        private Expected siluGradient(int i) {
            double z = product(x[i], a[i]) + b[i];
            double sigmoid = 1 / (1 + Math.exp(-z));
            double scale = 1 + Math.abs(product(x[i], a[i])) + Math.abs(b[i]);
            return new Expected(y[i] * (sigmoid + z * sigmoid * (1 - sigmoid)), 4e-6 * Math.abs(y[i]) * scale);
        }

        private void check(String what, float[] got, float[] plainly, IntFunction<Expected> naive) {
            for (int i = 0; i < n; i++) {
                Expected want = naive.apply(i);
                String place = what + " at " + i + " of " + n;
                assertEquals(want.value(), got[i], want.tolerance() + Float.MIN_NORMAL, place);
                assertEquals(plainly[i], got[i], 0f, place + ": the two forms");
            }
        }

        /** Sums behind the last element belong to somebody else. */
        private void checkRest(float[][] got) {
            assertArrayEquals(rest(sums), rest(got[0]));
            assertArrayEquals(rest(moreSums), rest(got[1]));
        }

        private float[] rest(float[] tile) {
            return Arrays.copyOfRange(tile, n, tile.length);
        }
    }
}

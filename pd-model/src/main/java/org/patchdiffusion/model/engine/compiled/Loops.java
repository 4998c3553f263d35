package org.patchdiffusion.model.engine.compiled;

/**
 * The innermost loops of the pointwise kernels. HotSpot's C2 turns each into vector code because each is small and
 * indexes every array by the same bare {@code i}; joined into larger loops they run five to ten times slower.
 */
final class Loops {

    /** Beyond it tanh is 1 in float32, and the rational form leaves its domain. */
    static final float TANH_RANGE = 7.90531110763549805f;

    private Loops() {}

    static void affine(float[] x, float[] scale, float[] shift, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = x[i] * scale[i] + shift[i];
        }
    }

    /** Half of an affine function: the argument of tanh in x·sigmoid(x) = h + h·tanh(h), h = x/2. */
    static void half(float[] x, float[] scale, float[] shift, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = 0.5f * (x[i] * scale[i] + shift[i]);
        }
    }

    static void clamp(float[] x, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = Math.max(-TANH_RANGE, Math.min(TANH_RANGE, x[i]));
        }
    }

    /**
     * tanh by a rational minimax approximation of degree 13 over 6 (the one that Eigen and XLA use); the argument must
     * be clamped. Relative error below 3e-7. Every processor with AVX2 has the fused multiply-add.
     */
    static void tanh(float[] x, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            float t = x[i];
            float s = t * t;
            float p = Math.fma(s, -2.76076847742355e-16f, 2.00018790482477e-13f);
            p = Math.fma(p, s, -8.60467152213735e-11f);
            p = Math.fma(p, s, 5.12229709037114e-08f);
            p = Math.fma(p, s, 1.48572235717979e-05f);
            p = Math.fma(p, s, 6.37261928875436e-04f);
            p = Math.fma(p, s, 4.89352455891786e-03f);
            float q = Math.fma(s, 1.19825839466702e-06f, 1.18534705686654e-04f);
            q = Math.fma(q, s, 2.26843463243900e-03f);
            q = Math.fma(q, s, 4.89352518554385e-03f);
            out[i] = t * p / q;
        }
    }

    /** SiLU from h = x/2 and tanh(h). */
    static void silu(float[] h, float[] tanh, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = h[i] + h[i] * tanh[i];
        }
    }

    /** Multiplies by the derivative of SiLU, from h = x/2 and tanh(h). */
    static void siluGradient(float[] h, float[] tanh, float[] gradient, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            float s = 0.5f + 0.5f * tanh[i];
            out[i] = gradient[i] * (s + 2f * h[i] * s * (1f - s));
        }
    }

    static void centred(float[] x, float[] centre, float[] out, float[] squared, int n) {
        for (int i = 0; i < n; i++) {
            float d = x[i] - centre[i];
            out[i] = d;
            squared[i] = d * d;
        }
    }

    static void timesCentred(float[] gradient, float[] x, float[] centre, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = gradient[i] * (x[i] - centre[i]);
        }
    }

    /** out = y·a + x·b + c. */
    static void combine(float[] y, float[] a, float[] x, float[] b, float[] c, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = y[i] * a[i] + (x[i] * b[i] + c[i]);
        }
    }

    static void add(float[] a, float[] b, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = a[i] + b[i];
        }
    }

    /** sum += x·factor. */
    static void multiplyAdd(float[] x, float factor, float[] sum, int n) {
        for (int i = 0; i < n; i++) {
            sum[i] += x[i] * factor;
        }
    }

    static void subtract(float[] a, float[] b, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = a[i] - b[i];
        }
    }

    static void multiply(float[] a, float[] b, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = a[i] * b[i];
        }
    }

    static void scaledAdd(float[] a, float[] b, float factor, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = (a[i] + b[i]) * factor;
        }
    }

    static void scale(float[] x, float factor, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = x[i] * factor;
        }
    }

    /** out = (x + shift)·y. */
    static void shiftedProduct(float[] x, float shift, float[] y, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = (x[i] + shift) * y[i];
        }
    }
}

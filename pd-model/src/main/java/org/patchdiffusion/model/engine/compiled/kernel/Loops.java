package org.patchdiffusion.model.engine.compiled.kernel;

/**
 * The innermost loops of the pointwise kernels. HotSpot's C2 turns each into vector code because each is small and
 * indexes every array by the same bare {@code i}; joined into larger loops they run five to ten times slower.
 */
public final class Loops {

    /** Beyond it tanh is 1 in float32, and the rational form leaves its domain. */
    static final float TANH_RANGE = 7.90531110763549805f;

    private Loops() {}

    public static void affine(float[] x, float[] scale, float[] shift, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = x[i] * scale[i] + shift[i];
        }
    }

    /** Half of an affine function, h: the argument of tanh in x·sigmoid(x) = h + h·tanh(h), h = x/2; and h clamped. */
    public static void halfAndClamp(float[] x, float[] scale, float[] shift, float[] half, float[] clamped, int n) {
        for (int i = 0; i < n; i++) {
            float h = 0.5f * (x[i] * scale[i] + shift[i]);
            half[i] = h;
            clamped[i] = Math.max(-TANH_RANGE, Math.min(TANH_RANGE, h));
        }
    }

    /**
     * tanh by a rational minimax approximation of degree 13 over 6 (the one that Eigen and XLA use); the argument must
     * be clamped. Relative error below 3e-7. Every processor with AVX2 has the fused multiply-add.
     */
    private static float tanh(float t) {
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
        return t * p / q;
    }

    /** SiLU from h = x/2 and h clamped. */
    public static void silu(float[] h, float[] clamped, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = h[i] + h[i] * tanh(clamped[i]);
        }
    }

    /** Multiplies by the derivative of SiLU, from h = x/2 and h clamped. */
    public static void siluGradient(float[] h, float[] clamped, float[] gradient, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            float s = 0.5f + 0.5f * tanh(clamped[i]);
            out[i] = gradient[i] * (s + 2f * h[i] * s * (1f - s));
        }
    }

    public static void addCentred(float[] x, float[] centre, float[] sum, float[] squares, int n) {
        for (int i = 0; i < n; i++) {
            float d = x[i] - centre[i];
            sum[i] += d;
            squares[i] += d * d;
        }
    }

    public static void addGradient(float[] gradient, float[] x, float[] centre, float[] sum, float[] products, int n) {
        for (int i = 0; i < n; i++) {
            sum[i] += gradient[i];
            products[i] += gradient[i] * (x[i] - centre[i]);
        }
    }

    /** out = y·a + (x − centre)·b + c. */
    public static void combine(
            float[] y, float[] a, float[] x, float[] centre, float[] b, float[] c, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = y[i] * a[i] + ((x[i] - centre[i]) * b[i] + c[i]);
        }
    }

    /** out = y·a + (x − centre)·b + c + old·factor. */
    public static void combineAdd(
            float[] y,
            float[] a,
            float[] x,
            float[] centre,
            float[] b,
            float[] c,
            float[] old,
            float factor,
            float[] out,
            int n) {
        for (int i = 0; i < n; i++) {
            out[i] = y[i] * a[i] + ((x[i] - centre[i]) * b[i] + c[i]) + old[i] * factor;
        }
    }

    public static void add(float[] a, float[] b, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = a[i] + b[i];
        }
    }

    /** sum += x·factor. */
    public static void multiplyAdd(float[] x, float factor, float[] sum, int n) {
        for (int i = 0; i < n; i++) {
            sum[i] += x[i] * factor;
        }
    }

    public static void subtract(float[] a, float[] b, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = a[i] - b[i];
        }
    }

    public static void multiply(float[] a, float[] b, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = a[i] * b[i];
        }
    }

    public static void scaledAdd(float[] a, float[] b, float factor, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = (a[i] + b[i]) * factor;
        }
    }

    public static void scale(float[] x, float factor, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = x[i] * factor;
        }
    }

    /** out = (x + shift)·y. */
    public static void shiftedProduct(float[] x, float shift, float[] y, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = (x[i] + shift) * y[i];
        }
    }

    public static void divide(float[] a, float[] b, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = a[i] / b[i];
        }
    }

    /** out = x·factor + offset. */
    public static void scaleAndShift(float[] x, float factor, float offset, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = x[i] * factor + offset;
        }
    }

    public static void relu(float[] x, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = Math.max(x[i], 0f);
        }
    }

    /** out = gradient where x is positive, else 0. */
    public static void reluGradient(float[] x, float[] gradient, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = x[i] > 0f ? gradient[i] : 0f;
        }
    }

    /** Brings x into the range of {@link #tanh}. */
    public static void clamp(float[] x, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = Math.max(-TANH_RANGE, Math.min(TANH_RANGE, x[i]));
        }
    }

    /** tanh of clamped numbers. */
    public static void tanh(float[] clamped, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = tanh(clamped[i]);
        }
    }

    /** out = gradient·(1 − t²) with t = tanh(x). */
    public static void tanhGradient(float[] t, float[] gradient, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = gradient[i] * (1f - t[i] * t[i]);
        }
    }

    /** out = gradient·s·(1 − s) with s = sigmoid(x). */
    public static void sigmoidGradient(float[] s, float[] gradient, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = gradient[i] * (s[i] * (1f - s[i]));
        }
    }
}

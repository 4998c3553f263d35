package org.patchdiffusion.model.engine.compiled.kernel;

/**
 * The kernels for tensors that are kept in bfloat16, each one loop. They round where it is fastest, and take tanh from a shorter
 * rational function: absolute error below 1e-4, where half a unit of the last place of bfloat16 is 2e-3 at 1.
 */
final class RoughKernels implements Kernels {
    /** Where the rational function for tanh ends; beyond it counts as 1. */
    private static final float RANGE = 5f;

    /** A clamp of twice the number: minima and maxima, which have to know of −0, take longer. */
    private static float twiceClamped(float h) {
        return Math.abs(h + RANGE) - Math.abs(h - RANGE);
    }

    /** tanh(t / 2), |t| ≤ 10: minimax on 4,000 points, by reweighted least squares. */
    private static float tanhOfHalf(float t) {
        float s = t * t;
        float p = Math.fma(Math.fma(s, 2.046672724e-05f, 1.271536170e-02f), s, 4.999050835e-01f);
        float q = Math.fma(Math.fma(s, 7.899435611e-04f, 1.086258750e-01f), s, 1f);
        return t * (p / q);
    }

    @Override
    public void affineSilu(float[] x, float[] scale, float[] shift, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            float h = 0.5f * Math.fma(x[i], scale[i], shift[i]);
            out[i] = Math.fma(h, tanhOfHalf(twiceClamped(h)), h);
        }
    }

    @Override
    public void affineSiluGradient(float[] x, float[] scale, float[] shift, float[] gradient, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            float h = 0.5f * Math.fma(x[i], scale[i], shift[i]);
            float t = tanhOfHalf(twiceClamped(h));
            out[i] = 0.5f * gradient[i] * (1f + Math.fma(h, Math.fma(-t, t, 1f), t));
        }
    }

    @Override
    public void addCentred(float[] x, float[] centre, float[] sum, float[] squares, int n) {
        for (int i = 0; i < n; i++) {
            float d = x[i] - centre[i];
            sum[i] += d;
            squares[i] = Math.fma(d, d, squares[i]);
        }
    }

    @Override
    public void addGradient(float[] gradient, float[] x, float[] centre, float[] sum, float[] products, int n) {
        for (int i = 0; i < n; i++) {
            sum[i] += gradient[i];
            products[i] = Math.fma(gradient[i], x[i] - centre[i], products[i]);
        }
    }

    @Override
    public void combine(float[] y, float[] a, float[] x, float[] centre, float[] b, float[] c, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = Math.fma(y[i], a[i], Math.fma(x[i] - centre[i], b[i], c[i]));
        }
    }

    @Override
    public void combineAdd(
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
            float combined = Math.fma(y[i], a[i], Math.fma(x[i] - centre[i], b[i], c[i]));
            out[i] = Math.fma(old[i], factor, combined);
        }
    }
}

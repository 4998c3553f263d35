package org.patchdiffusion.model.engine.compiled.kernel;

/** The kernels as sequences of {@link Loops} over scratch tiles. */
final class PlainKernels implements Kernels {
    private final float[] half;
    private final float[] clamped;

    PlainKernels(int size) {
        half = new float[size];
        clamped = new float[size];
    }

    @Override
    public void affineSilu(float[] x, float[] scale, float[] shift, float[] out, int n) {
        Loops.halfAndClamp(x, scale, shift, half, clamped, n);
        Loops.silu(half, clamped, out, n);
    }

    @Override
    public void affineSiluGradient(float[] x, float[] scale, float[] shift, float[] gradient, float[] out, int n) {
        Loops.halfAndClamp(x, scale, shift, half, clamped, n);
        Loops.siluGradient(half, clamped, gradient, out, n);
    }

    @Override
    public void addCentred(float[] x, float[] centre, float[] sum, float[] squares, int n) {
        Loops.addCentred(x, centre, sum, squares, n);
    }

    @Override
    public void addGradient(float[] gradient, float[] x, float[] centre, float[] sum, float[] products, int n) {
        Loops.addGradient(gradient, x, centre, sum, products, n);
    }

    @Override
    public void combine(float[] y, float[] a, float[] x, float[] centre, float[] b, float[] c, float[] out, int n) {
        Loops.combine(y, a, x, centre, b, c, out, n);
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
        Loops.combineAdd(y, a, x, centre, b, c, old, factor, out, n);
    }
}

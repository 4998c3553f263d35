package org.patchdiffusion.model.engine.compiled;

/** The kernels as sequences of {@link Loops} over scratch tiles. */
final class PlainKernels implements Kernels {
    private final float[] half = new float[Tiles.SIZE];
    private final float[] tanh = new float[Tiles.SIZE];
    private final float[] scratch = new float[Tiles.SIZE];

    @Override
    public void affineSilu(float[] x, float[] scale, float[] shift, float[] out, int n) {
        halfAndTanh(x, scale, shift, n);
        Loops.silu(half, tanh, out, n);
    }

    @Override
    public void affineSiluGradient(float[] x, float[] scale, float[] shift, float[] gradient, float[] out, int n) {
        halfAndTanh(x, scale, shift, n);
        Loops.siluGradient(half, tanh, gradient, out, n);
    }

    private void halfAndTanh(float[] x, float[] scale, float[] shift, int n) {
        Loops.half(x, scale, shift, half, n);
        Loops.clamp(half, scratch, n);
        Loops.tanh(scratch, tanh, n);
    }

    @Override
    public void addCentred(float[] x, float[] centre, float[] sum, float[] squares, int n) {
        Loops.centred(x, centre, half, scratch, n);
        Loops.add(sum, half, sum, n);
        Loops.add(squares, scratch, squares, n);
    }

    @Override
    public void addGradient(float[] gradient, float[] x, float[] centre, float[] sum, float[] products, int n) {
        Loops.timesCentred(gradient, x, centre, scratch, n);
        Loops.add(sum, gradient, sum, n);
        Loops.add(products, scratch, products, n);
    }

    @Override
    public void combine(float[] y, float[] a, float[] x, float[] b, float[] c, float[] out, int n) {
        Loops.combine(y, a, x, b, c, out, n);
    }

    @Override
    public void combineAdd(float[] y, float[] a, float[] x, float[] b, float[] c, float[] old, float[] out, int n) {
        Loops.combine(y, a, x, b, c, scratch, n);
        Loops.add(scratch, old, out, n);
    }
}

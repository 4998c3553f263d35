package org.patchdiffusion.model.engine.compiled.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The kernels by the Vector API, each in one pass. */
final class VectorKernels implements Kernels {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

    @Override
    public void affineSilu(float[] x, float[] scale, float[] shift, float[] out, int n) {
        for (int i = 0; i < n; i += SPECIES.length()) {
            FloatVector h = half(x, scale, shift, i);
            h.add(h.mul(tanh(h))).intoArray(out, i);
        }
    }

    @Override
    public void affineSiluGradient(float[] x, float[] scale, float[] shift, float[] gradient, float[] out, int n) {
        for (int i = 0; i < n; i += SPECIES.length()) {
            FloatVector h = half(x, scale, shift, i);
            FloatVector s = tanh(h).mul(0.5f).add(0.5f);
            FloatVector one = FloatVector.broadcast(SPECIES, 1f);
            FloatVector slope = s.add(h.mul(2f).mul(s).mul(one.sub(s)));
            load(gradient, i).mul(slope).intoArray(out, i);
        }
    }

    private static FloatVector half(float[] x, float[] scale, float[] shift, int i) {
        return load(x, i).mul(load(scale, i)).add(load(shift, i)).mul(0.5f);
    }

    /** {@link Loops#clamp}, then {@link Loops#tanh}. */
    private static FloatVector tanh(FloatVector h) {
        FloatVector t = h.min(Loops.TANH_RANGE).max(-Loops.TANH_RANGE);
        FloatVector s = t.mul(t);
        FloatVector p = s.fma(-2.76076847742355e-16f, 2.00018790482477e-13f);
        p = p.fma(s, constant(-8.60467152213735e-11f));
        p = p.fma(s, constant(5.12229709037114e-08f));
        p = p.fma(s, constant(1.48572235717979e-05f));
        p = p.fma(s, constant(6.37261928875436e-04f));
        p = p.fma(s, constant(4.89352455891786e-03f));
        FloatVector q = s.fma(1.19825839466702e-06f, 1.18534705686654e-04f);
        q = q.fma(s, constant(2.26843463243900e-03f));
        q = q.fma(s, constant(4.89352518554385e-03f));
        return t.mul(p).div(q);
    }

    private static FloatVector constant(float value) {
        return FloatVector.broadcast(SPECIES, value);
    }

    @Override
    public void addCentred(float[] x, float[] centre, float[] sum, float[] squares, int n) {
        for (int i = 0; i < SPECIES.loopBound(n); i += SPECIES.length()) {
            FloatVector d = load(x, i).sub(load(centre, i));
            load(sum, i).add(d).intoArray(sum, i);
            load(squares, i).add(d.mul(d)).intoArray(squares, i);
        }
        for (int i = SPECIES.loopBound(n); i < n; i++) {
            float d = x[i] - centre[i];
            sum[i] += d;
            squares[i] += d * d;
        }
    }

    @Override
    public void addGradient(float[] gradient, float[] x, float[] centre, float[] sum, float[] products, int n) {
        for (int i = 0; i < SPECIES.loopBound(n); i += SPECIES.length()) {
            FloatVector g = load(gradient, i);
            FloatVector d = load(x, i).sub(load(centre, i));
            load(sum, i).add(g).intoArray(sum, i);
            load(products, i).add(g.mul(d)).intoArray(products, i);
        }
        for (int i = SPECIES.loopBound(n); i < n; i++) {
            sum[i] += gradient[i];
            products[i] += gradient[i] * (x[i] - centre[i]);
        }
    }

    @Override
    public void combine(float[] y, float[] a, float[] x, float[] centre, float[] b, float[] c, float[] out, int n) {
        for (int i = 0; i < n; i += SPECIES.length()) {
            combined(y, a, x, centre, b, c, i).intoArray(out, i);
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
        for (int i = 0; i < n; i += SPECIES.length()) {
            combined(y, a, x, centre, b, c, i).add(load(old, i).mul(factor)).intoArray(out, i);
        }
    }

    private static FloatVector combined(float[] y, float[] a, float[] x, float[] centre, float[] b, float[] c, int i) {
        FloatVector d = load(x, i).sub(load(centre, i));
        return load(y, i).mul(load(a, i)).add(d.mul(load(b, i)).add(load(c, i)));
    }

    private static FloatVector load(float[] tile, int i) {
        return FloatVector.fromArray(SPECIES, tile, i);
    }
}

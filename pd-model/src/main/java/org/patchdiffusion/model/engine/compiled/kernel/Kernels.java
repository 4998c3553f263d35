package org.patchdiffusion.model.engine.compiled.kernel;

/**
 * The hot arithmetic of the pointwise steps, where one pass over a tile beats several: plain loops that any JVM turns
 * into vector code, or the Vector API where the JVM was started with {@code --add-modules jdk.incubator.vector}. Both
 * round in the same places, so they give the same bits.
 *
 * <p>Arguments are tiles, of which the first {@code n} count; a result may stand in place
 * of an argument. What follows the first {@code n} floats of {@code out} is undefined; sums keep what follows theirs.
 * One instance serves one thread.
 */
public interface Kernels {

    /**
     * The Vector API's form if this JVM was started with its module, else plain loops.
     *
     * @param size floats in a tile
     */
    static Kernels create(int size) {
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
            return new PlainKernels(size);
        }
        try {
            // By name: the class is compiled against the module, which need not be there.
            return Class.forName("org.patchdiffusion.model.engine.compiled.kernel.VectorKernels")
                    .asSubclass(Kernels.class)
                    .getDeclaredConstructor()
                    .newInstance();
        } catch (ReflectiveOperationException | LinkageError e) {
            throw new IllegalStateException(
                    "the kernels for the Vector API do not load in this Java version (" + e
                            + "); start it without --add-modules jdk.incubator.vector",
                    e);
        }
    }

    /** out = SiLU(x·scale + shift). */
    void affineSilu(float[] x, float[] scale, float[] shift, float[] out, int n);

    /** out = gradient · SiLU′(x·scale + shift). */
    void affineSiluGradient(float[] x, float[] scale, float[] shift, float[] gradient, float[] out, int n);

    /** sum += x − centre, squares += (x − centre)². */
    void addCentred(float[] x, float[] centre, float[] sum, float[] squares, int n);

    /** sum += gradient, products += gradient·(x − centre). */
    void addGradient(float[] gradient, float[] x, float[] centre, float[] sum, float[] products, int n);

    /** out = y·a + ((x − centre)·b + c). */
    void combine(float[] y, float[] a, float[] x, float[] centre, float[] b, float[] c, float[] out, int n);

    /** out = y·a + ((x − centre)·b + c) + old·factor. */
    void combineAdd(
            float[] y,
            float[] a,
            float[] x,
            float[] centre,
            float[] b,
            float[] c,
            float[] old,
            float factor,
            float[] out,
            int n);
}

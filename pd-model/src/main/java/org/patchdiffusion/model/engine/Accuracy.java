package org.patchdiffusion.model.engine;

/** How convolutions are computed. */
public enum Accuracy {
    /** Direct convolution: D(x) within 1e-5 and gradients within 1e-4 of float64, relative. */
    EXACT,
    /** Winograd F(4×4, 3×3) where it fits: faster, within 1e-4 and 1e-3. */
    FAST,
    /**
     * bfloat16 with float32 sums on a processor with AMX, activations kept in bfloat16: faster still and in little more than half
     * the memory. D(x) within 2e-2; each gradient's cosine at least 0.99 and its norm within 5%. Parameters and their gradients,
     * statistics of norms, softmax and what depends on the noise level alone stay float32.
     */
    BFLOAT16
}

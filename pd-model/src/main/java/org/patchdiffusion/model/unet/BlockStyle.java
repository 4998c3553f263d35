package org.patchdiffusion.model.unet;

/**
 * What distinguishes the residual blocks of the two network families (Karras et al. 2022, table 6 and appendix F.4).
 *
 * @param embChannels width of the embedding vector
 * @param epsilon epsilon of the group normalizations
 * @param skipScale factor of each residual sum
 * @param adaptiveScale whether the embedding scales and shifts the normalized features, or is only added before
 * @param resampleProjection whether the skip path of a resampling block always has a 1x1 convolution
 * @param resample filter of the resampling blocks
 * @param init initialisation of most layers
 * @param last initialisation of the layers that end a residual branch
 * @param attention initialisation of the qkv convolution
 */
record BlockStyle(
        int embChannels,
        double epsilon,
        double skipScale,
        boolean adaptiveScale,
        boolean resampleProjection,
        Resample resample,
        InitScheme init,
        InitScheme last,
        InitScheme attention) {

    /** (a + b) * scale; no multiplication at scale 1. */
    static Feature residual(Feature a, Feature b, double scale) {
        var sum = a.value().add(b.value());
        return a.with(scale == 1 ? sum : sum.mul(scale));
    }
}

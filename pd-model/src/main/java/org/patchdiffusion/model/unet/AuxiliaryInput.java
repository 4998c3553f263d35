package org.patchdiffusion.model.unet;

/**
 * One step of the encoder's auxiliary input pyramid (Karras et al. 2022, appendix F.4).
 *
 * <p>Residual: a = down(conv(a)), x = a = (x + a) * sqrt(1/2), where the convolution and the filter are one padded operation,
 * so that the filter sees convolved values beyond the border, not zeros. Skip: a = down(a), x = x + conv(a).
 */
record AuxiliaryInput(boolean residual, Conv conv, Resample resample) {

    /** The pyramid and the main path after this step. */
    record Step(Feature auxiliary, Feature main) {}

    Step apply(GraphContext g, Feature auxiliary, Feature x) {
        if (!residual) {
            Feature smaller = resample.down(g, auxiliary);
            return new Step(smaller, BlockStyle.residual(x, conv.apply(g, smaller), 1));
        }
        Feature convolved = conv.apply(g, auxiliary, conv.kernel() / 2 + resample.reach());
        Feature sum = BlockStyle.residual(x, resample.downUnpadded(g, convolved), Math.sqrt(0.5));
        return new Step(sum, sum);
    }
}

package org.patchdiffusion.model.unet;

import org.nd4j.autodiff.samediff.SDVariable;

/**
 * A fully connected layer; the weight is stored as {@code [out, in]}.
 *
 * <p>Graph form: {@code mmul(x, weight, transposeB)}, plus the bias by broadcasting.
 */
record Dense(String name, int in, int out, boolean bias, InitScheme init) {

    void declare(ParameterSink sink) {
        sink.parameter(name + ".weight", init.weight(in, out), out, in);
        if (bias) {
            sink.parameter(name + ".bias", init.bias(in, out), out);
        }
    }

    /** Maps {@code [B, in]} to {@code [B, out]}. */
    SDVariable apply(GraphContext g, SDVariable x) {
        SDVariable y = g.sd().mmul(x, g.parameter(name + ".weight"), false, true, false);
        return bias ? y.add(g.parameter(name + ".bias")) : y;
    }
}

package org.patchdiffusion.model.unet;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.enums.WeightsFormat;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.PaddingMode;

/**
 * A convolution with bias, stride 1 and zero padding. The kernel is stored as {@code [kH, kW, in, out]}, the only format
 * whose gradient is right in ND4J 1.0.0-M2.1.
 *
 * <p>Graph form: one {@code conv2d(x, weight, bias)}.
 */
record Conv(String name, int in, int out, int kernel, InitScheme init) {

    void declare(ParameterSink sink) {
        long area = (long) kernel * kernel;
        sink.parameter(name + ".weight", init.weight(in * area, out * area), kernel, kernel, in, out);
        sink.parameter(name + ".bias", init.bias(in * area, out * area), out);
    }

    /** Keeps height and width. */
    Feature apply(GraphContext g, Feature x) {
        return apply(g, x, kernel / 2);
    }

    /** With another zero padding on each side. */
    Feature apply(GraphContext g, Feature x, int padding) {
        SDVariable y = g.sd().cnn()
                .conv2d(x.value(), g.parameter(name + ".weight"), g.parameter(name + ".bias"), config(kernel, padding));
        int growth = 2 * padding - kernel + 1;
        return new Feature(y, out, x.height() + growth, x.width() + growth);
    }

    /** Stride 1 with explicit padding, NCHW data, YXIO kernel. */
    static Conv2DConfig config(int kernel, int padding) {
        return Conv2DConfig.builder()
                .kH(kernel)
                .kW(kernel)
                .sH(1)
                .sW(1)
                .pH(padding)
                .pW(padding)
                .dH(1)
                .dW(1)
                .paddingMode(PaddingMode.VALID)
                .dataFormat("NCHW")
                .weightsFormat(WeightsFormat.YXIO)
                .build();
    }
}

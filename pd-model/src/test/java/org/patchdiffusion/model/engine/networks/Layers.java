package org.patchdiffusion.model.engine.networks;

import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.enums.PadMode;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.Pooling2D;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.PaddingMode;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Pooling2DConfig;
import org.nd4j.linalg.factory.Nd4j;

/** The layers of convolutional networks as plain SameDiff operations; kernels become YXIO variables. */
final class Layers {

    /** Size and place of a window: height, width, stride, and zeros above and beside the image. */
    record Window(int height, int width, int stride, int padHeight, int padWidth) {

        static Window of(int size, int stride, int padding) {
            return new Window(size, size, stride, padding, padding);
        }

        int rows(Feature x) {
            return (x.height() + 2 * padHeight - height) / stride + 1;
        }

        int columns(Feature x) {
            return (x.width() + 2 * padWidth - width) / stride + 1;
        }
    }

    private final SameDiff sd = SameDiff.create();
    private final Weights weights;
    private final int batch;

    Layers(Weights weights, int batch) {
        this.weights = weights;
        this.batch = batch;
    }

    SameDiff sd() {
        return sd;
    }

    Weights weights() {
        return weights;
    }

    /** Images that are fed. */
    Feature input(String name, int channels, int height, int width) {
        return new Feature(
                sd.placeHolder(name, DataType.FLOAT, batch, channels, height, width), channels, height, width);
    }

    SDVariable variable(String name, INDArray value) {
        return sd.var(name, value);
    }

    private SDVariable tensor(String name, long... shape) {
        return variable(name, weights.get(name, shape));
    }

    /** A convolution with the kernel and the bias of a name. */
    Feature conv(String name, Feature x, int out, Window window) {
        INDArray kernel = weights.get(name + ".weight", out, x.channels(), window.height(), window.width());
        return conv(x, variable(name + ".weight", yxio(kernel)), tensor(name + ".bias", out), out, window);
    }

    /** A convolution without bias. */
    Feature plainConv(String name, Feature x, int out, Window window) {
        INDArray kernel = weights.get(name + ".weight", out, x.channels(), window.height(), window.width());
        return conv(x, variable(name + ".weight", yxio(kernel)), null, out, window);
    }

    /** A convolution with a kernel of the graph, [kH, kW, in, out], and a bias or null. */
    Feature conv(Feature x, SDVariable kernel, SDVariable bias, int out, Window window) {
        Conv2DConfig config = Conv2DConfig.builder()
                .kH(window.height())
                .kW(window.width())
                .sH(window.stride())
                .sW(window.stride())
                .pH(window.padHeight())
                .pW(window.padWidth())
                .paddingMode(PaddingMode.VALID)
                .build();
        SDVariable y = bias == null
                ? sd.cnn().conv2d(x.value(), kernel, config)
                : sd.cnn().conv2d(x.value(), kernel, bias, config);
        return new Feature(y, out, window.rows(x), window.columns(x));
    }

    /** A kernel in official axes, [out, in, kH, kW], as SameDiff differentiates it. */
    static INDArray yxio(INDArray kernel) {
        return kernel.permute(2, 3, 1, 0).dup('c');
    }

    Feature maxPool(Feature x, Window window) {
        return new Feature(
                sd.cnn().maxPooling2d(x.value(), pooling(window)), x.channels(), window.rows(x), window.columns(x));
    }

    /** The mean of those elements of a window that lie inside the image. */
    Feature averagePool(Feature x, Window window) {
        return new Feature(
                sd.cnn().avgPooling2d(x.value(), pooling(window)), x.channels(), window.rows(x), window.columns(x));
    }

    private static Pooling2DConfig pooling(Window window) {
        return Pooling2DConfig.builder()
                .kH(window.height())
                .kW(window.width())
                .sH(window.stride())
                .sW(window.stride())
                .pH(window.padHeight())
                .pW(window.padWidth())
                .paddingMode(PaddingMode.VALID)
                .divisor(Pooling2D.Divisor.EXCLUDE_PADDING)
                .isNHWC(false)
                .build();
    }

    /** Zeros below and to the right of an image. */
    Feature padEnd(Feature x, int margin) {
        int[][] margins = {{0, 0}, {0, 0}, {0, margin}, {0, margin}};
        SDVariable y = sd.nn().pad(x.value(), sd.constant(Nd4j.createFromArray(margins)), PadMode.CONSTANT, 0);
        return new Feature(y, x.channels(), x.height() + margin, x.width() + margin);
    }

    /** Twice the height and width, each pixel four times. */
    Feature twice(Feature x) {
        return new Feature(sd.cnn().upsampling2d(x.value(), 2, 2, true), x.channels(), 2 * x.height(), 2 * x.width());
    }

    Feature concat(Feature... parts) {
        SDVariable[] values = Arrays.stream(parts).map(Feature::value).toArray(SDVariable[]::new);
        int channels = Arrays.stream(parts).mapToInt(Feature::channels).sum();
        return new Feature(sd.concat(1, values), channels, parts[0].height(), parts[0].width());
    }

    Feature relu(Feature x) {
        return x.with(sd.nn().relu(x.value(), 0));
    }

    Feature silu(Feature x) {
        return x.with(sd.nn().swish(x.value()));
    }

    Feature add(Feature x, Feature y) {
        return x.with(x.value().add(y.value()));
    }

    /** Group normalization (Wu and He 2018) with a scale and a shift a channel. */
    Feature groupNorm(String name, Feature x, int groups, double epsilon) {
        int channels = x.channels();
        long size = (long) channels / groups * x.height() * x.width();
        SDVariable y = sd.reshape(x.value(), batch, groups, size);
        SDVariable d = y.sub(sd.mean(y, true, 2));
        SDVariable z = d.mul(sd.math().rsqrt(sd.mean(d.mul(d), true, 2).add(epsilon)));
        SDVariable normal = sd.reshape(z, batch, channels, x.height(), x.width());
        return x.with(normal.mul(perChannel(tensor(name + ".weight", channels), channels))
                .add(perChannel(tensor(name + ".bias", channels), channels)));
    }

    /** A vector of channels in a shape that broadcasts over images. */
    SDVariable perChannel(SDVariable vector, int channels) {
        return sd.reshape(vector, 1, channels, 1, 1);
    }

    /** Attention of one head over all pixels: softmax(qᵀk / √C) applied to v. */
    Feature attention(Feature q, Feature k, Feature v) {
        SDVariable scores = sd.mmul(pixels(q), pixels(k), true, false, false).mul(1 / Math.sqrt(q.channels()));
        SDVariable mixed = sd.mmul(pixels(v), sd.nn().softmax(scores, 2), false, true, false);
        return q.with(sd.reshape(mixed, batch, q.channels(), q.height(), q.width()));
    }

    private SDVariable pixels(Feature x) {
        return sd.reshape(x.value(), batch, x.channels(), (long) x.height() * x.width());
    }

    /** The mean over space, [batch, channels]. */
    SDVariable mean(String name, Feature x) {
        return sd.mean(name, x.value(), 2, 3);
    }
}

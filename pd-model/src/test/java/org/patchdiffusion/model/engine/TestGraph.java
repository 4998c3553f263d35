package org.patchdiffusion.model.engine;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.array.SingleThreadArrayHolder;
import org.nd4j.enums.WeightsFormat;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.PaddingMode;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Pooling2DConfig;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.Parameters;

/** Builds small graphs in the forms of the network, with random parameters and inputs. */
final class TestGraph {
    final SameDiff sd = SameDiff.create();
    final Map<String, INDArray> inputs = new LinkedHashMap<>();
    private final Map<String, INDArray> values = new LinkedHashMap<>();
    private final int batch;

    TestGraph(long seed, int batch) {
        Nd4j.getRandom().setSeed(seed);
        sd.setArrayHolders(new SingleThreadArrayHolder(), new SingleThreadArrayHolder(), false);
        this.batch = batch;
    }

    SDVariable input(String name, long... shape) {
        inputs.put(name, Nd4j.randn(DataType.FLOAT, shape));
        return sd.placeHolder(name, DataType.FLOAT, shape);
    }

    SDVariable parameter(String name, double scale, long... shape) {
        INDArray value = Nd4j.randn(DataType.FLOAT, shape).muli(scale);
        values.put(name, value);
        return sd.var(name, value);
    }

    /** The graph over a flat buffer that holds the parameters; the variables of the graph keep their own arrays. */
    Graph graph(String loss, String... outputs) {
        ParameterLayout.Builder layout = ParameterLayout.builder();
        values.forEach((name, value) -> layout.add(name, value.shape()));
        Parameters parameters = Parameters.zeros(layout.build());
        values.forEach((name, value) -> parameters.view(name).assign(value));
        return new Graph(sd, parameters, List.of(outputs), loss);
    }

    SDVariable conv(String name, SDVariable x, int in, int out, int kernel) {
        SDVariable weight =
                parameter(name + ".weight", Math.sqrt(1.0 / (kernel * kernel * in)), kernel, kernel, in, out);
        SDVariable bias = parameter(name + ".bias", 0.1, out);
        Conv2DConfig config = Conv2DConfig.builder()
                .kH(kernel)
                .kW(kernel)
                .sH(1)
                .sW(1)
                .pH(kernel / 2)
                .pW(kernel / 2)
                .dH(1)
                .dW(1)
                .paddingMode(PaddingMode.VALID)
                .dataFormat("NCHW")
                .weightsFormat(WeightsFormat.YXIO)
                .build();
        return sd.cnn().conv2d(x, weight, bias, config);
    }

    SDVariable dense(String name, SDVariable x, int in, int out) {
        SDVariable weight = parameter(name + ".weight", Math.sqrt(1.0 / in), out, in);
        return sd.mmul(x, weight, false, true, false).add(parameter(name + ".bias", 0.1, out));
    }

    SDVariable groupNorm(String name, SDVariable x, int channels, int groups, int side) {
        SDVariable y = sd.reshape(x, batch, groups, -1);
        SDVariable d = y.sub(sd.mean(y, true, 2));
        SDVariable variance = sd.mean(d.mul(d), true, 2);
        SDVariable normal = sd.reshape(d.mul(sd.math().rsqrt(variance.add(1e-5))), batch, channels, side, side);
        return normal.mul(parameter(name + ".weight", 1, 1, channels, 1, 1))
                .add(parameter(name + ".bias", 0.1, 1, channels, 1, 1));
    }

    SDVariable silu(SDVariable x) {
        return sd.nn().swish(x);
    }

    SDVariable halve(SDVariable x) {
        Pooling2DConfig config =
                Pooling2DConfig.builder().kH(2).kW(2).sH(2).sW(2).isNHWC(false).build();
        return sd.cnn().avgPooling2d(x, config);
    }

    SDVariable twice(SDVariable x) {
        return sd.cnn().upsampling2d(x, 2, 2, true);
    }

    SDVariable addEmbedding(SDVariable h, SDVariable embedding, int channels) {
        return h.add(sd.reshape(embedding, batch, channels, 1, 1));
    }

    SDVariable attention(String name, SDVariable x, int channels, int heads, int side) {
        long pixels = (long) side * side;
        SDVariable qkv = conv(name + ".qkv", x, channels, 3 * channels, 1);
        SDVariable split = sd.reshape(qkv, (long) batch * heads, channels / heads, 3, pixels);
        SDVariable[] part = new SDVariable[3];
        for (int k = 0; k < 3; k++) {
            part[k] = sd.stridedSlice(
                    split,
                    new long[] {0, 0, k, 0},
                    new long[] {(long) batch * heads, channels / heads, k + 1, pixels},
                    new long[] {1, 1, 1, 1},
                    0,
                    0,
                    0,
                    0,
                    4);
        }
        SDVariable scores = sd.mmul(part[0], part[1].div(Math.sqrt((double) channels / heads)), true, false, false);
        SDVariable mixed = sd.mmul(part[2], sd.nn().softmax(scores, 2), false, true, false);
        SDVariable projected =
                conv(name + ".proj", sd.reshape(mixed, batch, channels, side, side), channels, channels, 1);
        return projected.add(x).mul(Math.sqrt(0.5));
    }
}

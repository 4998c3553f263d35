package org.patchdiffusion.model.engine.networks;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.patchdiffusion.model.engine.networks.Layers.Window;

/**
 * Inception v3 (Szegedy et al. 2015) as FID uses it, the network of 2015-12-05: average pooling leaves the padding out of
 * its count, the last block pools by the maximum, and there are 1,008 classes.
 *
 * <p>Input: {@code image} [batch, 3, height, width] in [-1, 1], usually of 299 x 299. Outputs: {@code pool}
 * [batch, 2048], {@code logits_unbiased} and {@code logits} [batch, 1008], and the mean over space of each block,
 * {@code mean.NAME} [batch, channels].
 */
final class InceptionV3 {

    /** What becomes of batch normalization. */
    enum BatchNorm {
        /** Part of the kernels and of a bias. */
        FOLDED,
        /** A multiplication and an addition behind each convolution. */
        EXPLICIT
    }

    private static final double EPSILON = 1e-3;
    private static final int CLASSES = 1008;

    private final Layers layers;
    private final BatchNorm batchNorm;
    private final List<String> outputs = new ArrayList<>();

    private InceptionV3(Layers layers, BatchNorm batchNorm) {
        this.layers = layers;
        this.batchNorm = batchNorm;
    }

    /** A graph and the names of its outputs. */
    record Built(SameDiff sd, List<String> outputs) {}

    static Built build(Weights weights, BatchNorm batchNorm, int batch, int height, int width) {
        Layers layers = new Layers(weights, batch);
        InceptionV3 network = new InceptionV3(layers, batchNorm);
        network.head(network.body(layers.input("image", 3, height, width)));
        return new Built(layers.sd(), List.copyOf(network.outputs));
    }

    private Feature body(Feature image) {
        Feature x = unit("Conv2d_1a_3x3", image, 32, Window.of(3, 2, 0));
        x = unit("Conv2d_2a_3x3", x, 32, Window.of(3, 1, 0));
        x = shown("Conv2d_2b_3x3", unit("Conv2d_2b_3x3", x, 64, Window.of(3, 1, 1)));
        x = layers.maxPool(x, Window.of(3, 2, 0));
        x = unit("Conv2d_3b_1x1", x, 80, Window.of(1, 1, 0));
        x = unit("Conv2d_4a_3x3", x, 192, Window.of(3, 1, 0));
        x = layers.maxPool(x, Window.of(3, 2, 0));
        x = shown("Mixed_5b", blockA("Mixed_5b", x, 32));
        x = shown("Mixed_5c", blockA("Mixed_5c", x, 64));
        x = shown("Mixed_5d", blockA("Mixed_5d", x, 64));
        x = shown("Mixed_6a", blockB("Mixed_6a", x));
        for (Map.Entry<String, Integer> block :
                List.of(Map.entry("6b", 128), Map.entry("6c", 160), Map.entry("6d", 160), Map.entry("6e", 192))) {
            String name = "Mixed_" + block.getKey();
            x = shown(name, blockC(name, x, block.getValue()));
        }
        x = shown("Mixed_7a", blockD("Mixed_7a", x));
        x = shown("Mixed_7b", blockE("Mixed_7b", x, layers.averagePool(x, Window.of(3, 1, 1))));
        return shown("Mixed_7c", blockE("Mixed_7c", x, layers.maxPool(x, Window.of(3, 1, 1))));
    }

    private Feature shown(String name, Feature x) {
        outputs.add(layers.mean("mean." + name, x).name());
        return x;
    }

    private void head(Feature x) {
        SameDiff sd = layers.sd();
        SDVariable pool = layers.mean("pool", x);
        SDVariable weight = layers.variable("fc.weight", layers.weights().get("fc.weight", CLASSES, x.channels()));
        SDVariable bias = layers.variable("fc.bias", layers.weights().get("fc.bias", CLASSES));
        SDVariable unbiased = sd.mmul("logits_unbiased", pool, weight, false, true, false);
        outputs.addAll(
                List.of("pool", unbiased.name(), unbiased.add("logits", bias).name()));
    }

    /** Convolution, batch normalization, ReLU. */
    private Feature unit(String name, Feature x, int out, Window window) {
        Weights weights = layers.weights();
        INDArray kernel = weights.get(name + ".conv.weight", out, x.channels(), window.height(), window.width());
        INDArray variance = weights.get(name + ".bn.running_var", out);
        INDArray scale = weights.get(name + ".bn.weight", out).div(Transforms.sqrt(variance.add(EPSILON)));
        INDArray mean = weights.get(name + ".bn.running_mean", out);
        INDArray shift = weights.get(name + ".bn.bias", out).sub(mean.mul(scale));
        if (batchNorm == BatchNorm.FOLDED) {
            INDArray folded = Layers.yxio(kernel.mul(scale.reshape(out, 1, 1, 1)));
            SDVariable bias = layers.variable(name + ".bias", shift);
            return layers.relu(layers.conv(x, layers.variable(name + ".weight", folded), bias, out, window));
        }
        Feature y = layers.conv(x, layers.variable(name + ".conv.weight", Layers.yxio(kernel)), null, out, window);
        SDVariable scaled = y.value().mul(layers.perChannel(layers.variable(name + ".bn.scale", scale), out));
        SDVariable shifted = scaled.add(layers.perChannel(layers.variable(name + ".bn.shift", shift), out));
        return layers.relu(y.with(shifted));
    }

    private Feature blockA(String name, Feature x, int pooled) {
        Feature one = unit(name + ".branch1x1", x, 64, Window.of(1, 1, 0));
        Feature five = unit(name + ".branch5x5_1", x, 48, Window.of(1, 1, 0));
        five = unit(name + ".branch5x5_2", five, 64, Window.of(5, 1, 2));
        Feature three = unit(name + ".branch3x3dbl_1", x, 64, Window.of(1, 1, 0));
        three = unit(name + ".branch3x3dbl_2", three, 96, Window.of(3, 1, 1));
        three = unit(name + ".branch3x3dbl_3", three, 96, Window.of(3, 1, 1));
        return layers.concat(one, five, three, pooledBranch(name, x, pooled));
    }

    private Feature pooledBranch(String name, Feature x, int out) {
        return unit(name + ".branch_pool", layers.averagePool(x, Window.of(3, 1, 1)), out, Window.of(1, 1, 0));
    }

    private Feature blockB(String name, Feature x) {
        Feature three = unit(name + ".branch3x3", x, 384, Window.of(3, 2, 0));
        Feature twice = unit(name + ".branch3x3dbl_1", x, 64, Window.of(1, 1, 0));
        twice = unit(name + ".branch3x3dbl_2", twice, 96, Window.of(3, 1, 1));
        twice = unit(name + ".branch3x3dbl_3", twice, 96, Window.of(3, 2, 0));
        return layers.concat(three, twice, layers.maxPool(x, Window.of(3, 2, 0)));
    }

    private static Window row() {
        return new Window(1, 7, 1, 0, 3);
    }

    private static Window column() {
        return new Window(7, 1, 1, 3, 0);
    }

    private Feature blockC(String name, Feature x, int inner) {
        Feature one = unit(name + ".branch1x1", x, 192, Window.of(1, 1, 0));
        Feature seven = unit(name + ".branch7x7_1", x, inner, Window.of(1, 1, 0));
        seven = unit(name + ".branch7x7_2", seven, inner, row());
        seven = unit(name + ".branch7x7_3", seven, 192, column());
        Feature twice = unit(name + ".branch7x7dbl_1", x, inner, Window.of(1, 1, 0));
        twice = unit(name + ".branch7x7dbl_2", twice, inner, column());
        twice = unit(name + ".branch7x7dbl_3", twice, inner, row());
        twice = unit(name + ".branch7x7dbl_4", twice, inner, column());
        twice = unit(name + ".branch7x7dbl_5", twice, 192, row());
        return layers.concat(one, seven, twice, pooledBranch(name, x, 192));
    }

    private Feature blockD(String name, Feature x) {
        Feature three = unit(name + ".branch3x3_1", x, 192, Window.of(1, 1, 0));
        three = unit(name + ".branch3x3_2", three, 320, Window.of(3, 2, 0));
        Feature seven = unit(name + ".branch7x7x3_1", x, 192, Window.of(1, 1, 0));
        seven = unit(name + ".branch7x7x3_2", seven, 192, row());
        seven = unit(name + ".branch7x7x3_3", seven, 192, column());
        seven = unit(name + ".branch7x7x3_4", seven, 192, Window.of(3, 2, 0));
        return layers.concat(three, seven, layers.maxPool(x, Window.of(3, 2, 0)));
    }

    private Feature blockE(String name, Feature x, Feature pooled) {
        Window wide = new Window(1, 3, 1, 0, 1);
        Window high = new Window(3, 1, 1, 1, 0);
        Feature one = unit(name + ".branch1x1", x, 320, Window.of(1, 1, 0));
        Feature three = unit(name + ".branch3x3_1", x, 384, Window.of(1, 1, 0));
        Feature threes = layers.concat(
                unit(name + ".branch3x3_2a", three, 384, wide), unit(name + ".branch3x3_2b", three, 384, high));
        Feature twice = unit(name + ".branch3x3dbl_1", x, 448, Window.of(1, 1, 0));
        twice = unit(name + ".branch3x3dbl_2", twice, 384, Window.of(3, 1, 1));
        Feature twices = layers.concat(
                unit(name + ".branch3x3dbl_3a", twice, 384, wide), unit(name + ".branch3x3dbl_3b", twice, 384, high));
        Feature pool = unit(name + ".branch_pool", pooled, 192, Window.of(1, 1, 0));
        return layers.concat(one, threes, twices, pool);
    }
}

package org.patchdiffusion.model.engine.networks;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Weights that a rule generates instead of a file: a 64-bit FNV-1a hash of the name, then SplitMix64 over the elements. */
final class RuleWeights implements Weights {

    /** The value of a tensor's element from a number u in [-1, 1). */
    @FunctionalInterface
    interface Scale {
        double apply(String name, long[] shape, double u);
    }

    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    private final Scale scale;

    RuleWeights(Scale scale) {
        this.scale = scale;
    }

    /** Inputs of one output element: in * kH * kW. */
    static double fanIn(long[] shape) {
        return Arrays.stream(shape).skip(1).reduce(1, (a, b) -> a * b);
    }

    @Override
    public INDArray get(String name, long... shape) {
        long hash = 0xcbf29ce484222325L;
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
        }
        int length = Math.toIntExact(Arrays.stream(shape).reduce(1, (a, b) -> a * b));
        float[] values = new float[length];
        for (int k = 0; k < length; k++) {
            values[k] = (float) scale.apply(name, shape, unit(hash + (k + 1) * GOLDEN_GAMMA));
        }
        return Nd4j.createFromArray(values).reshape('c', shape);
    }

    private static double unit(long state) {
        long z = (state ^ state >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        z ^= z >>> 31;
        return (z >>> 11) * 0x1p-53 * 2 - 1;
    }
}

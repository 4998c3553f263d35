package org.patchdiffusion.model.engine.fuzz;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.enums.WeightsFormat;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.DeConv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.PaddingMode;
import org.nd4j.linalg.factory.Nd4j;

/** Convolutions of every kind, and what looks like one. */
final class ConvOps {

    /** Size, stride, dilation and padding in both directions. */
    private record Geometry(int kH, int kW, int sH, int sW, int dH, int dW, int pH, int pW, boolean same) {

        Conv2DConfig config(WeightsFormat weights, String data) {
            return Conv2DConfig.builder()
                    .kH(kH)
                    .kW(kW)
                    .sH(sH)
                    .sW(sW)
                    .dH(dH)
                    .dW(dW)
                    .pH(pH)
                    .pW(pW)
                    .paddingMode(same ? PaddingMode.SAME : PaddingMode.VALID)
                    .dataFormat(data)
                    .weightsFormat(weights)
                    .build();
        }

        long height(long in) {
            return size(in, kH, sH, dH, pH);
        }

        long width(long in) {
            return size(in, kW, sW, dW, pW);
        }

        private long size(long in, int k, int s, int d, int p) {
            return same ? (in + s - 1) / s : Math.floorDiv(in + 2L * p - (d * (k - 1) + 1), s) + 1;
        }

        boolean fits(long[] image) {
            return height(image[2]) > 0 && width(image[3]) > 0;
        }

        @Override
        public String toString() {
            return kH + "x" + kW + " stride " + sH + "," + sW + " dilation " + dH + "," + dW
                    + (same ? " SAME" : " padding " + pH + "," + pW);
        }
    }

    private ConvOps() {}

    /** What most networks have: a square kernel of stride 1 and a bias. */
    static void plain(Sketch s) {
        int x = s.value(4);
        int k = s.one(1, 3, 3, 5);
        conv(s, x, new Geometry(k, k, 1, 1, 1, 1, k / 2, k / 2, false), channels(s), true);
    }

    /** A narrow kernel between many channels: of a power of two of elements. */
    static void wide(Sketch s) {
        if (s.steps().get(s.value(4)).elements() > 1000) {
            return;
        }
        Geometry point = new Geometry(1, 1, 1, 1, 1, 1, 0, 0, false);
        conv(s, conv(s, s.value(4), point, 32, true), point, 64, true);
    }

    /** Anything that {@code conv2d} takes. */
    static void general(Sketch s) {
        int x = s.value(4);
        Geometry geometry = geometry(s);
        if (geometry.fits(s.shape(x))) {
            conv(s, x, geometry, channels(s), s.chance(0.6));
        }
    }

    private static Geometry geometry(Sketch s) {
        int kH = s.one(1, 2, 3, 3, 4, 5);
        int kW = s.chance(0.6) ? kH : s.one(1, 2, 3, 5, 7);
        int sH = s.chance(0.6) ? 1 : s.between(1, 3);
        int sW = s.chance(0.8) ? sH : s.between(1, 3);
        int dH = s.chance(0.8) ? 1 : 2;
        int dW = s.chance(0.8) ? dH : s.between(1, 2);
        boolean same = s.chance(0.3);
        int pH = same || s.chance(0.2) ? 0 : s.between(0, kH);
        int pW = same ? 0 : s.chance(0.6) ? pH : s.between(0, kW);
        return new Geometry(kH, kW, sH, sW, dH, dW, pH, pW, same);
    }

    static long channels(Sketch s) {
        return s.one(1L, 2L, 3L, 4L, 5L, 7L, 8L, 12L, 15L, 16L, 17L, 24L, 32L, 33L);
    }

    private static int conv(Sketch s, int x, Geometry geometry, long out, boolean bias) {
        long in = s.shape(x)[1];
        double scale = Math.sqrt(1.0 / (geometry.kH * geometry.kW * in));
        int kernel = s.chance(0.9)
                ? s.sharedParameter(0.5, scale, geometry.kH, geometry.kW, in, out)
                : s.constant(scale, geometry.kH, geometry.kW, in, out);
        return conv(s, x, geometry, kernel, bias ? s.sharedParameter(0.1, 0.3, out) : -1);
    }

    private static int conv(Sketch s, int x, Geometry geometry, int kernel, int bias) {
        long[] in = s.shape(x);
        long[] shape = {in[0], s.shape(kernel)[3], geometry.height(in[2]), geometry.width(in[3])};
        Conv2DConfig config = geometry.config(WeightsFormat.YXIO, "NCHW");
        Form form = (c, v) -> v.length == 3
                ? c.sd().cnn().conv2d(v[0], v[1], v[2], config)
                : c.sd().cnn().conv2d(v[0], v[1], config);
        String text = "conv2d " + geometry;
        return bias < 0 ? s.add(text, shape, form, x, kernel) : s.add(text, shape, form, x, kernel, bias);
    }

    /** One kernel behind a concatenation and behind a tensor of as many channels. */
    static void sharedBehindConcat(Sketch s) {
        int x = s.value(4);
        long[] in = s.shape(x);
        long half = s.one(4L, 8L, 12L, 16L, 20L);
        long other = s.chance(0.7) ? half : half + s.between(1, 4);
        Geometry point = new Geometry(1, 1, 1, 1, 1, 1, 0, 0, false);
        int a = conv(s, x, point, half, true);
        int b = conv(s, x, point, other, true);
        int whole = conv(s, x, point, half + other, true);
        long[] shape = {in[0], half + other, in[2], in[3]};
        int joined = s.add("concat axis 1", shape, (c, v) -> c.sd().concat(1, v), a, b);
        int k = s.one(1, 3);
        Geometry geometry = new Geometry(k, k, 1, 1, 1, 1, k / 2, k / 2, false);
        long out = channels(s);
        int kernel = s.parameter(Math.sqrt(1.0 / (k * k * (half + other))), k, k, half + other, out);
        int bias = s.parameter(0.3, out);
        int first = conv(s, s.chance(0.5) ? joined : whole, geometry, kernel, bias);
        int second = conv(s, other(s, first, joined, whole), geometry, kernel, bias);
        s.add("add", s.shape(first), (c, v) -> v[0].add(v[1]), first, second);
    }

    private static int other(Sketch s, int conv, int a, int b) {
        return s.steps().get(conv).inputs().get(0) == a ? b : a;
    }

    /** A filter over each channel alone, as a convolution of planes. */
    static void planes(Sketch s) {
        int x = s.value(4);
        long[] in = s.shape(x);
        int k = s.one(1, 2, 3, 3, 4);
        int p = s.departs(0.4) ? s.between(0, k) : k / 2;
        Geometry geometry = new Geometry(k, k, !s.departs(0.2) ? 1 : 2, 1, 1, 1, p, !s.departs(0.2) ? p : 0, false);
        if (!geometry.fits(in)) {
            return;
        }
        boolean separable = !s.departs(0.4);
        int kernel = separable
                ? separable(s, k)
                : s.chance(0.5) ? s.constant(0.5, k, k, 1, 1) : s.parameter(0.5, k, k, 1, 1);
        long[] shape = {in[0], in[1], geometry.height(in[2]), geometry.width(in[3])};
        boolean swapped = s.departs(0.1);
        Conv2DConfig config = geometry.config(WeightsFormat.YXIO, "NCHW");
        Form form = (c, v) -> {
            SDVariable planes = swapped
                    ? c.sd().reshape(c.sd().permute(v[0], 1, 0, 2, 3), in[0] * in[1], 1, in[2], in[3])
                    : c.sd().reshape(v[0], in[0] * in[1], 1, in[2], in[3]);
            return c.sd().reshape(c.sd().cnn().conv2d(planes, v[1], config), shape);
        };
        s.add("planes filtered " + geometry + (swapped ? " transposed" : ""), shape, form, x, kernel);
    }

    private static int separable(Sketch s, int k) {
        float[] row = new float[k];
        float[] column = new float[k];
        for (int i = 0; i < k; i++) {
            row[i] = s.between(1, 4) * 0.2f;
            column[i] = s.chance(0.6) ? row[i] : s.between(-2, 4) * 0.2f;
        }
        float[] values = new float[k * k];
        for (int i = 0; i < k * k; i++) {
            values[i] = column[i / k] * row[i % k];
        }
        Leaf leaf = new Leaf(Leaf.Kind.CONSTANT, s.one(Leaf.Memory.values()), new long[] {k, k, 1, 1}, values);
        return s.add("separable " + leaf, leaf.shape(), leaf);
    }

    /** Operations next to a convolution that no plain one may be taken for. */
    static void relatives(Sketch s) {
        int x = s.value(4);
        long[] in = s.shape(x);
        int k = s.one(1, 2, 3);
        Geometry geometry = new Geometry(k, k, 1, 1, 1, 1, k / 2, k / 2, false);
        if (!geometry.fits(in)) {
            return;
        }
        if (s.chance(0.5)) {
            int multiplier = s.between(1, 2);
            int kernel = s.parameter(0.5, k, k, in[1], multiplier);
            long[] shape = {in[0], in[1] * multiplier, geometry.height(in[2]), geometry.width(in[3])};
            Conv2DConfig config = geometry.config(WeightsFormat.YXIO, "NCHW");
            s.add(
                    "depthwise " + geometry,
                    shape,
                    (c, v) -> c.sd().cnn().depthWiseConv2d(v[0], v[1], config),
                    x,
                    kernel);
        } else {
            long out = s.one(2L, 3L, 8L);
            int kernel = s.parameter(0.3, k, k, out, in[1]);
            DeConv2DConfig config = DeConv2DConfig.builder()
                    .kH(k)
                    .kW(k)
                    .sH(2)
                    .sW(2)
                    .isSameMode(false)
                    .build();
            long[] shape = {in[0], out, 2 * (in[2] - 1) + k, 2 * (in[3] - 1) + k};
            s.add("deconv2d " + k + " stride 2", shape, (c, v) -> c.sd().cnn().deconv2d(v[0], v[1], config), x, kernel);
        }
    }

    /** Kernels stored in other axes: SameDiff cannot differentiate them, so for graphs that only run forward. */
    static void otherFormats(Sketch s) {
        int x = s.value(4);
        long[] in = s.shape(x);
        int k = s.one(1, 2, 3);
        Geometry geometry = new Geometry(k, k, 1, 1, 1, 1, k / 2, k / 2, false);
        long out = s.chance(0.5) ? in[1] : channels(s);
        boolean first = s.chance(0.5);
        int kernel = first ? s.parameter(0.3, out, in[1], k, k) : s.parameter(0.3, out, k, k, in[1]);
        long[] shape = {in[0], out, geometry.height(in[2]), geometry.width(in[3])};
        Conv2DConfig config = geometry.config(first ? WeightsFormat.OIYX : WeightsFormat.OYXI, "NCHW");
        s.add(
                "conv2d " + config.getWeightsFormat() + " " + geometry,
                shape,
                (c, v) -> c.sd().cnn().conv2d(v[0], v[1], v[2], config),
                x,
                kernel,
                s.parameter(0.3, out));
    }

    /** Channels last. */
    static void channelsLast(Sketch s) {
        int x = s.value(4);
        long[] in = s.shape(x);
        int k = s.one(1, 3);
        Geometry geometry = new Geometry(k, k, 1, 1, 1, 1, k / 2, k / 2, false);
        long out = s.one(3L, 8L, 16L, in[3]);
        int kernel = s.parameter(Math.sqrt(1.0 / (k * k * in[3])), k, k, in[3], out);
        long[] shape = {in[0], in[1], in[2], out};
        Conv2DConfig config = geometry.config(WeightsFormat.YXIO, "NHWC");
        s.add(
                "conv2d NHWC " + geometry,
                shape,
                (c, v) -> c.sd().cnn().conv2d(v[0], v[1], v[2], config),
                x,
                kernel,
                s.parameter(0.3, out));
    }

    /** The mean of some kernel's squares, so that one tensor is a kernel and something else as well. */
    static void kernelAsValue(Sketch s) {
        var kernels = s.find(step -> Sketch.isParameter(step) && step.shape().length == 4);
        if (kernels.isEmpty()) {
            return;
        }
        int kernel = s.one(kernels);
        int x = s.value(4);
        Form form = (c, v) -> v[0].mul(c.sd().mean(c.sd().math().square(v[1])).add(0.5));
        s.add("times mean square of a kernel", s.shape(x), form, x, kernel);
    }

    /** Zeros, other numbers or reflections around an image, not the same on every side. */
    static void pad(Sketch s, boolean differentiable) {
        int x = s.value(4);
        long[] in = s.shape(x);
        int[][] margins = {{0, 0}, {0, 0}, {s.between(0, 2), s.between(0, 2)}, {s.between(0, 2), s.between(0, 2)}};
        if (s.chance(0.1)) {
            margins[1][0] = 1;
        }
        long[] shape = new long[4];
        boolean mirrors = !differentiable && s.chance(0.4);
        for (int i = 0; i < 4; i++) {
            shape[i] = in[i] + margins[i][0] + margins[i][1];
            mirrors &= in[i] > 2 || i < 2;
        }
        mirrors &= margins[1][0] == 0;
        double value = s.chance(0.7) ? 0 : 0.7;
        var mode = mirrors
                ? s.one(org.nd4j.enums.PadMode.REFLECT, org.nd4j.enums.PadMode.SYMMETRIC)
                : org.nd4j.enums.PadMode.CONSTANT;
        s.add(
                "pad " + java.util.Arrays.deepToString(margins) + " " + mode + " " + value,
                shape,
                (c, v) -> c.sd().nn().pad(v[0], c.sd().constant(Nd4j.createFromArray(margins)), mode, value),
                x);
    }
}

package org.patchdiffusion.model.engine.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ops.impl.shape.Reshape;

/** Dense layers, products, softmax, attention, and changes of shape. */
final class VectorOps {
    private VectorOps() {}

    /** {@code x·W + b} with a weight in either layout. */
    static int dense(Sketch s, int x, long out) {
        long in = s.shape(x)[1];
        boolean transposed = s.chance(0.6);
        double scale = Math.sqrt(1.0 / in);
        int weight = transposed ? s.sharedParameter(0.3, scale, out, in) : s.sharedParameter(0.3, scale, in, out);
        long[] shape = {s.shape(x)[0], out};
        int y = s.add(
                "mmul" + (transposed ? " transposed weight" : ""),
                shape,
                (c, v) -> c.sd().mmul(v[0], v[1], false, transposed, false),
                x,
                weight);
        if (s.chance(0.2)) {
            return y;
        }
        int bias = !s.departs(0.15) ? s.parameter(0.3, out) : s.parameter(0.3, s.chance(0.5) ? 1 : out);
        return s.add("add", shape, (c, v) -> v[0].add(v[1]), y, bias);
    }

    static void dense(Sketch s) {
        dense(s, s.value(2), ConvOps.channels(s));
    }

    static void linear(Sketch s) {
        int x = s.value(2);
        long out = ConvOps.channels(s);
        int weight = s.parameter(Math.sqrt(1.0 / s.shape(x)[1]), s.shape(x)[1], out);
        int bias = s.parameter(0.3, out);
        long[] shape = {s.shape(x)[0], out};
        s.add("linear", shape, (c, v) -> c.sd().nn().linear(v[0], v[1], v[2]), x, weight, bias);
    }

    /** A vector over the channels of an image, added or multiplied. */
    static void overImage(Sketch s) {
        int x = s.value(4);
        long[] in = s.shape(x);
        int vector = dense(s, s.value(2), in[1]);
        if (s.shape(vector)[0] != in[0]) {
            return;
        }
        boolean add = !s.departs(0.4);
        Form form = (c, v) -> {
            SDVariable spread = c.sd().reshape(v[1], in[0], in[1], 1, 1);
            return add ? v[0].add(spread) : v[0].mul(spread);
        };
        s.add(add ? "plus embedding" : "times embedding", in, form, x, vector);
    }

    /** Products of matrices with any transposition, of values and of parameters with each other. */
    static void product(Sketch s) {
        boolean batched = s.chance(0.4);
        int a = s.value(batched ? 3 : 2);
        long[] shape = s.shape(a);
        boolean left = s.chance(0.3);
        boolean right = s.chance(0.4);
        int n = shape.length;
        long rows = left ? shape[n - 1] : shape[n - 2];
        long inner = left ? shape[n - 2] : shape[n - 1];
        long columns = s.between(1, 9);
        long[] b = right ? new long[] {columns, inner} : new long[] {inner, columns};
        long[] result = {rows, columns};
        if (batched) {
            b = new long[] {shape[0], b[0], b[1]};
            result = new long[] {shape[0], rows, columns};
        }
        int other = s.chance(0.6) ? s.parameter(Math.sqrt(1.0 / inner), b) : s.placeholder(b);
        boolean swapped = !batched && s.chance(0.2);
        if (swapped) {
            // (A·B)ᵀ = Bᵀ·Aᵀ
            long[] turned = {result[1], result[0]};
            s.add("mmul swapped", turned, (c, v) -> c.sd().mmul(v[1], v[0], !right, !left, false), a, other);
            return;
        }
        String text = "mmul" + (left ? " left transposed" : "") + (right ? " right transposed" : "");
        s.add(text, result, (c, v) -> c.sd().mmul(v[0], v[1], left, right, false), a, other);
    }

    static void softmax(Sketch s) {
        int x = s.anyValue();
        int rank = s.shape(x).length;
        if (rank < 2) {
            return;
        }
        int axis = s.chance(0.6) ? rank - 1 : s.between(0, rank - 1);
        s.add("softmax axis " + axis, s.shape(x), (c, v) -> c.sd().nn().softmax(v[0], axis), x);
    }

    /** Self-attention in the U-Net's form, in the autoencoder's, and near misses. */
    static void attention(Sketch s) {
        int x = s.value(4);
        long[] in = s.shape(x);
        long pixels = in[2] * in[3];
        if (pixels > 64 || in[1] > 24 || pixels < 2) {
            return;
        }
        long heads = s.one(1L, 1L, 2L, 3L);
        if (in[1] % heads != 0) {
            heads = 1;
        }
        int kernel = s.parameter(Math.sqrt(1.0 / in[1]), 1, 1, in[1], 3 * in[1]);
        int bias = s.parameter(0.2, 3 * in[1]);
        long[] shape = {in[0], 3 * in[1], in[2], in[3]};
        var config = org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig.builder()
                .kH(1)
                .kW(1)
                .build();
        int qkv = s.add(
                "conv2d 1x1 qkv", shape, (c, v) -> c.sd().cnn().conv2d(v[0], v[1], v[2], config), x, kernel, bias);
        Attention form = new Attention(
                in,
                heads,
                !s.departs(0.15) ? 2 : 1,
                !s.departs(0.15) ? 1 : 0.5,
                !s.departs(0.2) ? List.of(0, 1, 2) : s.one(List.of(1, 0, 2), List.of(2, 1, 0), List.of(0, 2, 1)),
                s.familiar() ? 0 : s.one(0, 0, 0, 1, 2));
        s.add(form.toString(), in, form, qkv);
    }

    /**
     * The part between the two convolutions.
     *
     * @param axis of the softmax
     * @param factor beside 1 / √c
     * @param order which of the three parts are query, key and value
     * @param layout 0: interleaved as (head, channel, 3); 1: as (3, head, channel) by slices; 2: pixels first
     */
    private record Attention(long[] in, long heads, int axis, double factor, List<Integer> order, int layout)
            implements Form {

        @Override
        public SDVariable emit(BuildContext context, SDVariable... v) {
            SameDiff sd = context.sd();
            long c = in[1] / heads;
            long pixels = in[2] * in[3];
            long[] square = {in[0] * heads, pixels, pixels};
            double scale = factor / Math.sqrt(c);
            SDVariable[] parts = layout == 0
                    ? sd.unstack(sd.reshape(v[0], in[0] * heads, c, 3, pixels), 2, 3)
                    : thirds(sd, v[0], c, pixels);
            SDVariable q = parts[order.get(0)];
            SDVariable k = parts[order.get(1)];
            SDVariable value = parts[order.get(2)];
            SDVariable mixed;
            if (layout == 2) {
                SDVariable scores =
                        context.rounded(sd.mmul(sd.permute(q, 0, 2, 1), k).mul(scale), square);
                SDVariable weights = context.rounded(sd.nn().softmax(scores, axis), square);
                mixed = sd.permute(sd.mmul(weights, sd.permute(value, 0, 2, 1)), 0, 2, 1);
            } else {
                SDVariable weights =
                        sd.nn().softmax(sd.mmul(q, k, true, false, false).mul(scale), axis);
                mixed = sd.mmul(value, weights, false, true, false);
            }
            return sd.reshape(mixed, in);
        }

        private SDVariable[] thirds(SameDiff sd, SDVariable qkv, long c, long pixels) {
            SDVariable[] parts = sd.split(qkv, 3, 1);
            SDVariable[] views = new SDVariable[3];
            for (int i = 0; i < 3; i++) {
                views[i] = sd.reshape(parts[i], in[0] * heads, c, pixels);
            }
            return views;
        }

        @Override
        public String toString() {
            return "attention heads " + heads + " softmax axis " + axis + " factor " + factor + " order " + order
                    + " layout " + layout;
        }
    }

    static void reshape(Sketch s, boolean differentiable) {
        int x = s.anyValue();
        long[] in = s.shape(x);
        long total = Leaf.product(in);
        long[] shape = s.chance(0.35) && in.length > 1 && total / s.batch() > 0 && total % s.batch() == 0
                ? new long[] {s.batch(), total / s.batch()}
                : refactored(s, in, total);
        boolean column = !differentiable && s.chance(0.25);
        Form form = (c, v) ->
                column ? new ColumnMajorReshape(c.sd(), v[0], shape).outputVariable() : c.sd().reshape(v[0], shape);
        s.add("reshape" + (column ? " column-major" : ""), shape, form, x);
    }

    /** A reshape that counts elements column by column: SameDiff has the order as an attribute only. */
    private static final class ColumnMajorReshape extends Reshape {
        ColumnMajorReshape(SameDiff sd, SDVariable x, long[] shape) {
            super(sd, x, shape);
            iArguments.set(0, (long) -'f');
        }
    }

    private static long[] refactored(Sketch s, long[] in, long total) {
        if (s.chance(0.4) && in.length >= 2) {
            // Two neighbouring axes exchanged: the same sizes, other meaning.
            long[] shape = in.clone();
            int i = s.between(0, in.length - 2);
            shape[i] = in[i + 1];
            shape[i + 1] = in[i];
            return shape;
        }
        int rank = s.one(2, 3, 4, 4);
        long[] shape = new long[rank];
        long rest = total;
        for (int i = 0; i < rank - 1; i++) {
            List<Long> divisors = new ArrayList<>();
            for (long d = 1; d <= rest; d++) {
                if (rest % d == 0) {
                    divisors.add(d);
                }
            }
            shape[i] = i == 0 && rest % s.batch() == 0 && s.chance(0.6) ? s.batch() : s.one(divisors);
            rest /= shape[i];
        }
        shape[rank - 1] = rest;
        return shape;
    }

    static void permute(Sketch s) {
        int x = s.anyValue();
        long[] in = s.shape(x);
        if (in.length < 2) {
            return;
        }
        List<Integer> axes = new ArrayList<>();
        for (int i = 0; i < in.length; i++) {
            axes.add(i);
        }
        int kept = s.chance(0.6) ? 1 : 0;
        Collections.shuffle(axes.subList(kept, axes.size()), new java.util.Random(s.nextSeed()));
        int[] order = axes.stream().mapToInt(i -> i).toArray();
        long[] shape = Arrays.stream(order).mapToLong(i -> in[i]).toArray();
        s.add("permute " + axes, shape, (c, v) -> c.sd().permute(v[0], order), x);
    }

    static void stack(Sketch s) {
        int x = s.anyValue();
        long[] in = s.shape(x);
        if (in.length == 0 || in.length > 3) {
            return;
        }
        int other = s.partner(x);
        int axis = s.between(0, in.length);
        long[] shape = new long[in.length + 1];
        for (int i = 0; i < shape.length; i++) {
            shape[i] = i < axis ? in[i] : i == axis ? 2 : in[i - 1];
        }
        s.add("stack axis " + axis, shape, (c, v) -> c.sd().stack(axis, v), x, other);
    }

    /** All pixels of an image as a vector, or the other way round. */
    static void flatten(Sketch s) {
        int x = s.value(4);
        long[] in = s.shape(x);
        boolean inferred = s.chance(0.5);
        long[] shape = {in[0], in[1] * in[2] * in[3]};
        s.add(
                "flatten" + (inferred ? " -1" : ""),
                shape,
                (c, v) -> inferred ? c.sd().reshape(v[0], in[0], -1) : c.sd().reshape(v[0], shape),
                x);
    }
}

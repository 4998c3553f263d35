package org.patchdiffusion.model.engine.fuzz;

import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/** Activations, arithmetic with numbers, with equals and by broadcasting, and functions that no compiler needs to know. */
final class PointwiseOps {
    private PointwiseOps() {}

    static void activation(Sketch s) {
        int x = s.anyValue();
        String kind = s.one(
                "swish", "swish", "x sigmoid(x)", "tanh silu", "relu", "tanh", "sigmoid", "leakyRelu", "elu", "gelu");
        s.add(kind, s.shape(x), (c, v) -> activation(c.sd(), kind, v[0]), x);
    }

    private static SDVariable activation(SameDiff sd, String kind, SDVariable x) {
        return switch (kind) {
            case "swish" -> sd.nn().swish(x);
            case "x sigmoid(x)" -> x.mul(sd.nn().sigmoid(x));
            case "tanh silu" -> x.mul(0.5).mul(sd.math().tanh(x.mul(0.5)).add(1));
            case "relu" -> sd.nn().relu(x, 0);
            case "tanh" -> sd.math().tanh(x);
            case "sigmoid" -> sd.nn().sigmoid(x);
            case "leakyRelu" -> sd.nn().leakyRelu(x, 0.2);
            case "elu" -> sd.nn().elu(x);
            default -> sd.nn().preciseGelu(x);
        };
    }

    static void number(Sketch s) {
        int x = s.anyValue();
        double factor = s.one(0.5, -0.7, 1.0, 1.3, 2.0, Math.sqrt(0.5));
        String kind = s.familiar() ? s.one("mul", "div") : s.one("mul", "mul", "div", "add", "sub", "rsub", "neg");
        Form form = (c, v) -> switch (kind) {
            case "mul" -> v[0].mul(factor);
            case "div" -> v[0].div(factor);
            case "add" -> v[0].add(factor);
            case "sub" -> v[0].sub(factor);
            case "rsub" -> v[0].rsub(factor);
            default -> v[0].neg();
        };
        s.add(kind + " " + factor, s.shape(x), form, x);
    }

    static void equalSizes(Sketch s) {
        int a = s.anyValue();
        int b = s.chance(0.15) ? a : s.partner(a);
        arithmetic(s, s.chance(0.5) ? a : b, s.chance(0.5) ? a : b, s.shape(a));
        if (s.chance(0.6)) {
            arithmetic(s, a, b, s.shape(a));
        }
    }

    private static void arithmetic(Sketch s, int a, int b, long[] shape) {
        String kind =
                s.familiar() ? s.one("add", "sub", "mul") : s.one("add", "add", "sub", "mul", "div by 1 + b²", "max");
        Form form = (c, v) -> switch (kind) {
            case "add" -> v[0].add(v[1]);
            case "sub" -> v[0].sub(v[1]);
            case "mul" -> v[0].mul(v[1]);
            case "max" -> c.sd().max(v[0], v[1]);
            default -> v[0].div(v[1].mul(v[1]).add(1));
        };
        s.add(kind, shape, form, a, b);
    }

    static void residualAndNorm(Sketch s) {
        residual(s);
        NormOps.plain(s);
    }

    /** {@code group norm((a + b) · factor - e)} of three convolutions. */
    static void residualOfConvolutions(Sketch s) {
        int x = s.value(4);
        double factor = s.one(0.5, 0.7, -1.3);
        Form form = (c, v) -> v[0].add(v[1]).mul(factor).sub(v[2]);
        s.add("(a + b) · " + factor + " - e", s.shape(x), form, convOf(s, x), convOf(s, x), convOf(s, x));
        NormOps.plain(s);
    }

    /** {@code (a + b) · factor}, and what may come before and behind it. */
    static void residual(Sketch s) {
        int a = s.value(4);
        int b = s.partner(a);
        double factor = s.one(0.5, 0.7, Math.sqrt(0.5), -1.0, 1.0);
        int sum = s.add("add", s.shape(a), (c, v) -> v[0].add(v[1]), a, b);
        int scaled = s.chance(0.7)
                ? s.add("mul " + factor, s.shape(a), (c, v) -> v[0].mul(factor), sum)
                : s.add("div " + factor, s.shape(a), (c, v) -> v[0].div(factor), sum);
        if (s.chance(0.5)) {
            int e = s.chance(0.7) ? convOf(s, a) : s.partner(a);
            boolean minus = s.chance(0.7);
            boolean first = s.chance(0.7);
            s.add(
                    minus ? "sub" : "add",
                    s.shape(a),
                    (c, v) -> minus ? v[0].sub(v[1]) : v[0].add(v[1]),
                    first ? scaled : e,
                    first ? e : scaled);
        }
    }

    /** A convolved copy, which is not the operand of anything else. */
    static int convOf(Sketch s, int a) {
        long channels = s.shape(a)[1];
        int kernel = s.parameter(Math.sqrt(1.0 / channels), 1, 1, channels, channels);
        var config = org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig.builder()
                .kH(1)
                .kW(1)
                .build();
        int bias = s.parameter(0.3, channels);
        return s.add(
                "conv2d 1x1", s.shape(a), (c, v) -> c.sd().cnn().conv2d(v[0], v[1], v[2], config), a, kernel, bias);
    }

    /** A second operand of which some axes are 1, and leading ones perhaps missing. */
    static void broadcast(Sketch s) {
        int a = s.anyValue();
        long[] shape = s.shape(a);
        if (shape.length == 0) {
            return;
        }
        long[] other = shape.clone();
        int form = s.between(0, 5);
        if (form == 0 && shape.length == 4) {
            other = new long[] {1, shape[1], 1, 1};
        } else if (form == 1) {
            Arrays.fill(other, 1);
            other[0] = shape[0];
        } else if (form == 2 && shape.length == 4) {
            other = new long[] {shape[0], shape[1], 1, 1};
        } else {
            for (int i = 0; i < other.length; i++) {
                other[i] = s.chance(0.5) ? 1 : other[i];
            }
            other = Arrays.copyOfRange(other, s.between(0, other.length - 1), other.length);
        }
        int kind = s.between(0, 3);
        int b = kind == 0 ? s.placeholder(other) : kind == 1 ? s.constant(1, other) : s.parameter(0.7, other);
        boolean swap = s.chance(0.3);
        arithmetic(s, swap ? b : a, swap ? a : b, shape);
    }

    /** A value with its mean over some axes subtracted or multiplied: a broadcast of something computed. */
    static void ownMean(Sketch s) {
        int x = s.value(4);
        int[] axes = s.one(new int[] {2, 3}, new int[] {1, 2, 3}, new int[] {1}, new int[] {0}, new int[] {0, 2, 3});
        boolean minus = s.chance(0.5);
        Form form = (c, v) -> {
            SDVariable mean = c.sd().mean(v[0], true, axes);
            return minus ? v[0].sub(mean) : v[0].mul(mean.add(1));
        };
        s.add((minus ? "minus" : "times 1 +") + " its mean over " + Arrays.toString(axes), s.shape(x), form, x);
    }

    static void unknown(Sketch s) {
        int x = s.anyValue();
        String kind =
                s.one("sin", "cumsum", "atan", "exp", "sqrt", "abs", "cube", "softplus", "clip", "reverse", "erf");
        if (s.shape(x).length == 0 && (kind.equals("cumsum") || kind.equals("reverse"))) {
            return;
        }
        int axis = s.shape(x).length < 2 ? 0 : s.between(0, s.shape(x).length - 1);
        Form form = (c, v) -> switch (kind) {
            case "sin" -> c.sd().math().sin(v[0]);
            case "cumsum" -> c.sd().cumsum(v[0], false, false, axis).mul(0.3);
            case "atan" -> c.sd().math().atan(v[0]);
            case "exp" -> c.sd().math().exp(c.sd().math().tanh(v[0]));
            case "sqrt" -> c.sd().math().sqrt(c.sd().math().square(v[0]).add(0.1));
            case "abs" -> c.sd().math().abs(v[0]);
            case "cube" -> c.sd().math().cube(v[0].mul(0.5));
            case "softplus" -> c.sd().nn().softplus(v[0]);
            case "clip" -> c.sd().clipByValue(v[0], -0.8, 0.9);
            case "erf" -> c.sd().math().erf(v[0]);
            default -> c.sd().reverse(v[0], axis);
        };
        s.add(kind + (kind.equals("cumsum") || kind.equals("reverse") ? " axis " + axis : ""), s.shape(x), form, x);
    }

    static void square(Sketch s) {
        int x = s.anyValue();
        boolean product = s.chance(0.5);
        s.add(
                product ? "x·x" : "square",
                s.shape(x),
                (c, v) -> product ? v[0].mul(v[0]) : c.sd().math().square(v[0]),
                x);
    }

    static void identity(Sketch s) {
        int x = s.anyValue();
        s.add("identity", s.shape(x), (c, v) -> c.sd().identity(v[0]), x);
    }

    /** A dropout mask: a fed tensor of zeros and 1 / (1 - p). */
    static void mask(Sketch s) {
        int x = s.anyValue();
        long[] shape = s.shape(x);
        float[] values = new float[Math.toIntExact(Leaf.product(shape))];
        for (int i = 0; i < values.length; i++) {
            values[i] = s.chance(0.2) ? 0 : 1.25f;
        }
        Leaf leaf = new Leaf(Leaf.Kind.PLACEHOLDER, Leaf.Memory.ROW_MAJOR, shape, values);
        int mask = s.add("mask", shape, leaf);
        s.add("mul", shape, (c, v) -> v[0].mul(v[1]), x, mask);
    }

    /** Many operations in a row. */
    static void chain(Sketch s, int length) {
        int x = s.anyValue();
        int other = s.partner(x);
        boolean mixed = s.chance(0.5);
        Form form = (c, v) -> {
            SDVariable y = v[0];
            for (int i = 0; i < length; i++) {
                y = i % 2 == 0
                        ? y.add(v[1])
                        : mixed ? y.mul(0.6) : y.mul(v[1]).mul(0.01).add(v[0]);
            }
            return y;
        };
        s.add("chain of " + length, s.shape(x), form, x, other);
    }
}

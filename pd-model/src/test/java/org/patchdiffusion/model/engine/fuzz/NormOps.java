package org.patchdiffusion.model.engine.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/** Normalisations in the spellings that people use, and in some that only look like them. */
final class NormOps {

    /**
     * A grouping and the axes over which its mean goes.
     *
     * @param shape of the grouped tensor
     */
    private record Grouping(long[] shape, int[] axes) {}

    private enum Variance {
        PRODUCT,
        SQUARE,
        DIFFERENCE_OF_MOMENTS
    }

    private NormOps() {}

    /** As the U-Nets write it. */
    static int plain(Sketch s) {
        int x = s.value(4);
        long[] in = s.shape(x);
        long groups = divisor(s, in[1]);
        long size = in[1] / groups * in[2] * in[3];
        // The same numbers if every group is a row of its own, but no group norm by its shape.
        long[] shape = s.chance(0.12) ? new long[] {in[0] * groups, 1, size} : new long[] {in[0], groups, size};
        Grouping grouping = new Grouping(shape, new int[] {2});
        if (size < 3) {
            return x;
        }
        return norm(s, x, grouping, Variance.PRODUCT, 1e-5, false, affine(s, in[1]));
    }

    /** Anything with a mean, a variance and a root. */
    static void general(Sketch s) {
        int x = s.value(4);
        long[] in = s.shape(x);
        Grouping grouping = grouping(s, in);
        long count = 1;
        for (int axis : grouping.axes) {
            count *= grouping.shape[axis];
        }
        if (count < 3) {
            return;
        }
        List<Integer> affine = s.chance(0.8) ? s.chance(0.7) ? affine(s, in[1]) : strangeAffine(s, in) : List.of();
        norm(s, x, grouping, s.one(Variance.values()), s.one(1e-6, 1e-5, 1e-3, 0.1), s.chance(0.3), affine);
    }

    private static long divisor(Sketch s, long channels) {
        List<Long> divisors = new ArrayList<>();
        for (long d = 1; d <= channels; d++) {
            if (channels % d == 0) {
                divisors.add(d);
            }
        }
        return s.one(divisors);
    }

    private static Grouping grouping(Sketch s, long[] in) {
        long b = in[0];
        long ch = in[1];
        long h = in[2];
        long w = in[3];
        long g = divisor(s, ch);
        return switch (s.between(0, 12)) {
            case 0 -> new Grouping(new long[] {b * ch, 1, h * w}, new int[] {2});
            case 1 -> new Grouping(new long[] {b * g, 1, ch / g * h * w}, new int[] {2});
            case 2 -> new Grouping(new long[] {b * g, ch / g * h * w}, new int[] {1});
            case 3 -> new Grouping(new long[] {b, g, ch / g, h * w}, new int[] {2, 3});
            case 4 -> new Grouping(new long[] {b, g, ch / g, h, w}, new int[] {2, 3, 4});
            case 5 -> new Grouping(new long[] {b, ch / g * h * w, g}, new int[] {1});
            case 6 -> new Grouping(new long[] {b, g, ch / g * h * w}, new int[] {1});
            case 7 -> new Grouping(new long[] {g, b, ch / g * h * w}, new int[] {2});
            case 8 -> new Grouping(in, new int[] {1});
            case 9 -> new Grouping(in, new int[] {2, 3});
            case 10 -> new Grouping(in, new int[] {0, 2, 3});
            case 11 -> new Grouping(in, new int[] {1, 2, 3});
            default -> new Grouping(new long[] {1, b * g, ch / g * h * w}, new int[] {2});
        };
    }

    private static List<Integer> affine(Sketch s, long channels) {
        boolean flat = !s.departs(0.3);
        long[] shape = flat ? new long[] {channels} : new long[] {1, channels, 1, 1};
        int gamma = !s.departs(0.1) ? s.parameterAround(1, 0.3, shape) : s.constant(1, shape);
        int beta = !s.departs(0.1) ? s.parameter(0.3, shape) : s.constant(0.3, shape);
        return List.of(view(s, gamma, channels), view(s, beta, channels));
    }

    private static int view(Sketch s, int parameter, long channels) {
        return s.shape(parameter).length == 4
                ? parameter
                : s.add(
                        "reshape",
                        new long[] {1, channels, 1, 1},
                        (c, v) -> c.sd().reshape(v[0], 1, channels, 1, 1),
                        parameter);
    }

    /** Scales and shifts that broadcast, but not one for each channel. */
    private static List<Integer> strangeAffine(Sketch s, long[] in) {
        List<Integer> both = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            long[] shape = s.one(
                    new long[] {1, 1, 1, in[3]},
                    new long[] {in[3]},
                    new long[] {in[0], 1, 1, 1},
                    new long[] {1, 1, 1, 1},
                    new long[] {in[1], 1, 1},
                    new long[] {1, in[1], in[2], in[3]},
                    new long[] {1, in[1], 1, in[3]});
            both.add(s.parameterAround(1, 0.4, shape));
        }
        return both;
    }

    private static int norm(
            Sketch s, int x, Grouping grouping, Variance variance, double eps, boolean root, List<Integer> affine) {
        long[] in = s.shape(x);
        Form form = (c, v) -> {
            SameDiff sd = c.sd();
            long[] kept = ResampleOps.reduced(grouping.shape, grouping.axes, true);
            SDVariable y = Arrays.equals(grouping.shape, in) ? v[0] : sd.reshape(v[0], grouping.shape);
            SDVariable mean = c.rounded(sd.mean(y, true, grouping.axes), kept);
            SDVariable d = y.sub(mean);
            SDVariable e = c.disturbed(d, grouping.shape);
            SDVariable var =
                    switch (variance) {
                        case PRODUCT -> sd.mean(e.mul(e), true, grouping.axes);
                        case SQUARE -> sd.mean(sd.math().square(e), true, grouping.axes);
                        case DIFFERENCE_OF_MOMENTS -> c.rounded(sd.mean(y.mul(y), true, grouping.axes), kept)
                                .sub(c.rounded(mean.mul(mean), kept));
                    };
            SDVariable shifted = c.rounded(var.add(eps), kept);
            SDVariable f = c.disturbed(d, grouping.shape);
            SDVariable z = root
                    ? f.div(sd.math().sqrt(shifted))
                    : f.mul(c.rounded(sd.math().rsqrt(shifted), kept));
            return Arrays.equals(grouping.shape, in) ? z : sd.reshape(z, in);
        };
        String text = "norm " + Arrays.toString(grouping.shape) + " over " + Arrays.toString(grouping.axes) + " "
                + variance + " eps " + eps + (root ? " root" : "");
        int z = s.add(text, in, form, x);
        if (affine.isEmpty()) {
            return z;
        }
        boolean left = s.departs(0.15);
        int scaled = left
                ? s.add("mul", in, (c, v) -> v[0].mul(v[1]), affine.get(0), z)
                : s.add("mul", in, (c, v) -> v[0].mul(v[1]), z, affine.get(0));
        return s.departs(0.1)
                ? s.add("add", in, (c, v) -> v[0].add(v[1]), affine.get(1), scaled)
                : s.add("add", in, (c, v) -> v[0].add(v[1]), scaled, affine.get(1));
    }

    /** An embedding added before a group norm. */
    static void embedded(Sketch s) {
        int x = s.value(4);
        long[] in = s.shape(x);
        int e = VectorOps.dense(s, s.value(2), in[1]);
        if (s.shape(e)[0] != in[0]) {
            return;
        }
        long[] shape = !s.departs(0.15) ? new long[] {in[0], in[1], 1, 1} : new long[] {in[0], in[1], 1};
        if (shape.length == 3 && in[0] != in[1] && in[1] != 1 && in[0] != 1) {
            return;
        }
        if (shape.length == 3 && (in[1] != in[2] || in[0] != in[1])) {
            return;
        }
        int view = s.add("reshape", shape, (c, v) -> c.sd().reshape(v[0], shape), e);
        s.add("add", in, (c, v) -> v[0].add(v[1]), x, view);
        plain(s);
    }

    /** {@code norm · (scale + 1) + shift} with both from one vector, and near misses. */
    static void adaptive(Sketch s) {
        int x = !s.departs(0.2) ? plain(s) : s.value(4);
        long[] in = s.shape(x);
        int e = VectorOps.dense(s, s.value(2), 2 * in[1]);
        if (s.shape(e)[0] != in[0]) {
            return;
        }
        double one = !s.departs(0.15) ? 1 : 0.5;
        int first = !s.departs(0.15) ? 0 : 1;
        int second = !s.departs(0.1) ? 1 - first : first;
        Form form = (c, v) -> {
            SDVariable[] halves = c.sd().split(v[1], 2, 1);
            SDVariable scale = c.sd().reshape(halves[first], in[0], in[1], 1, 1).add(one);
            SDVariable shift = c.sd().reshape(halves[second], in[0], in[1], 1, 1);
            return v[0].mul(scale).add(shift);
        };
        s.add("adaptive scale " + one + " + part " + first + ", shift part " + second, in, form, x, e);
    }

    /** Batch norm of inference: one scale and shift a channel from four vectors, by the op or by hand. */
    static void batch(Sketch s) {
        int x = s.value(4);
        long[] in = s.shape(x);
        long ch = in[1];
        int mean = s.chance(0.5) ? s.constant(0.3, ch) : s.parameter(0.3, ch);
        int variance = s.parameterAround(1.2, 0.05, ch);
        int gamma = s.parameterAround(1, 0.2, ch);
        int beta = s.parameter(0.2, ch);
        boolean op = s.chance(0.3);
        Form form = (c, v) -> {
            SameDiff sd = c.sd();
            if (op) {
                return sd.nn().batchNorm(v[0], v[1], v[2], v[3], v[4], 1e-3, 1);
            }
            SDVariable scale = v[3].mul(sd.math().rsqrt(v[2].add(1e-3)));
            SDVariable shift = v[4].sub(v[1].mul(scale));
            return v[0].mul(sd.reshape(scale, 1, ch, 1, 1)).add(sd.reshape(shift, 1, ch, 1, 1));
        };
        s.add(op ? "batchNorm" : "batch norm by hand", in, form, x, mean, variance, gamma, beta);
    }

    static void library(Sketch s) {
        int x = s.value(4);
        long[] in = s.shape(x);
        if (s.chance(0.5)) {
            int gain = s.parameterAround(1, 0.3, in[1]);
            int bias = s.parameter(0.3, in[1]);
            s.add(
                    "layerNorm over 1, 2, 3",
                    in,
                    (c, v) -> c.sd().nn().layerNorm(v[0], v[1], v[2], true, 1, 2, 3),
                    x,
                    gain,
                    bias);
        } else {
            int bias = s.parameter(0.3, in[1]);
            s.add("biasAdd", in, (c, v) -> c.sd().nn().biasAdd(v[0], v[1], true), x, bias);
        }
    }
}

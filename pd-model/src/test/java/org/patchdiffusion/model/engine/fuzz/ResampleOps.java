package org.patchdiffusion.model.engine.fuzz;

import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.enums.DataFormat;
import org.nd4j.linalg.api.ops.impl.layers.convolution.Pooling2D;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.PaddingMode;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Pooling2DConfig;

/** Pooling, up-sampling, concatenation and cutting of images. */
final class ResampleOps {
    private ResampleOps() {}

    /** A 2x2 average, as the U-Nets have it. */
    static void halve(Sketch s) {
        int x = s.value(4);
        long[] in = s.shape(x);
        if (in[2] < 2 || in[3] < 2 || s.familiar() && (in[2] % 2 != 0 || in[3] % 2 != 0)) {
            return;
        }
        Pooling2DConfig config =
                Pooling2DConfig.builder().kH(2).kW(2).sH(2).sW(2).isNHWC(false).build();
        long[] shape = {in[0], in[1], in[2] / 2, in[3] / 2};
        s.add("avgPooling2d 2x2", shape, (c, v) -> c.sd().cnn().avgPooling2d(v[0], config), x);
    }

    static void pool(Sketch s) {
        int x = s.value(4);
        long[] in = s.shape(x);
        int kH = s.between(1, 3);
        int kW = s.chance(0.8) ? kH : s.between(1, 3);
        int sH = s.between(1, 3);
        int sW = s.chance(0.8) ? sH : s.between(1, 3);
        boolean same = s.chance(0.3);
        int pH = same ? 0 : s.between(0, kH / 2);
        int pW = same ? 0 : s.between(0, kW / 2);
        Pooling2D.Divisor divisor = s.one(Pooling2D.Divisor.values());
        long height = same ? (in[2] + sH - 1) / sH : Math.floorDiv(in[2] + 2L * pH - kH, sH) + 1;
        long width = same ? (in[3] + sW - 1) / sW : Math.floorDiv(in[3] + 2L * pW - kW, sW) + 1;
        if (height < 1 || width < 1) {
            return;
        }
        Pooling2DConfig config = Pooling2DConfig.builder()
                .kH(kH)
                .kW(kW)
                .sH(sH)
                .sW(sW)
                .pH(pH)
                .pW(pW)
                .paddingMode(same ? PaddingMode.SAME : PaddingMode.VALID)
                .divisor(divisor)
                .isNHWC(false)
                .build();
        boolean max = s.chance(0.5);
        String text = (max ? "maxPooling2d " : "avgPooling2d " + divisor + " ") + kH + "x" + kW + " stride " + sH + ","
                + sW + (same ? " SAME" : " padding " + pH + "," + pW);
        long[] shape = {in[0], in[1], height, width};
        s.add(
                text,
                shape,
                (c, v) -> max
                        ? c.sd().cnn().maxPooling2d(v[0], config)
                        : c.sd().cnn().avgPooling2d(v[0], config),
                x);
    }

    static void upsample(Sketch s) {
        int x = s.value(4);
        long[] in = s.shape(x);
        int h = !s.departs(0.4) ? 2 : s.between(1, 3);
        int w = !s.departs(0.2) ? h : s.between(1, 3);
        if (in[2] * h > 20 || in[3] * w > 20) {
            return;
        }
        long[] shape = {in[0], in[1], in[2] * h, in[3] * w};
        if (!s.departs(0.2)) {
            s.add("upsampling2d " + h + "," + w, shape, (c, v) -> c.sd().cnn().upsampling2d(v[0], h, w, true), x);
            return;
        }
        Form tiled = (c, v) -> {
            SDVariable thin = c.sd().reshape(v[0], in[0], in[1], in[2], 1, in[3], 1);
            return c.sd().reshape(c.sd().tile(thin, 1, 1, 1, h, 1, w), shape);
        };
        s.add("nearest by tile " + h + "," + w, shape, tiled, x);
    }

    /** Along the channels; now and then along another axis. */
    static void concat(Sketch s) {
        int x = s.value(4);
        int axis = !s.departs(0.15) ? 1 : s.between(0, 3);
        long[] shape = s.shape(x).clone();
        var fitting = s.find(step -> step.shape().length == 4
                && agree(step.shape(), shape, axis)
                && !(step.form() instanceof Leaf leaf && leaf.kind() != Leaf.Kind.PLACEHOLDER));
        int count = s.between(2, 3);
        int[] parts = new int[count];
        parts[0] = x;
        for (int i = 1; i < count; i++) {
            parts[i] = s.chance(0.8) ? s.one(fitting) : s.partner(x);
            shape[axis] += s.shape(parts[i])[axis];
        }
        if (shape[axis] <= 64) {
            s.add("concat axis " + axis, shape, (c, v) -> c.sd().concat(axis, v), parts);
        }
    }

    private static boolean agree(long[] a, long[] b, int axis) {
        for (int i = 0; i < a.length; i++) {
            if (i != axis && a[i] != b[i]) {
                return false;
            }
        }
        return true;
    }

    /** A part of the channels, or of another axis. */
    static void slice(Sketch s) {
        int x = s.anyValue();
        long[] in = s.shape(x);
        if (in.length < 2) {
            return;
        }
        int axis = s.chance(0.7) ? 1 : s.between(0, in.length - 1);
        if (in[axis] < 2) {
            return;
        }
        if (in[axis] % 2 == 0 && s.chance(0.5)) {
            long[] shape = in.clone();
            shape[axis] /= 2;
            int part = s.between(0, 1);
            s.add(
                    "split axis " + axis + " part " + part,
                    shape,
                    (c, v) -> c.sd().split(v[0], 2, axis)[part],
                    x);
            return;
        }
        long[] begin = new long[in.length];
        long[] end = in.clone();
        long[] strides = new long[in.length];
        Arrays.fill(strides, 1);
        begin[axis] = s.between(0, 1);
        end[axis] = in[axis] - (begin[axis] == 0 ? 1 : 0);
        long[] shape = in.clone();
        shape[axis] = end[axis] - begin[axis];
        s.add(
                "slice axis " + axis + " from " + begin[axis],
                shape,
                (c, v) -> c.sd().stridedSlice(v[0], begin, end, strides),
                x);
    }

    /** Channels into space or back. */
    static void spaceToDepth(Sketch s) {
        int x = s.value(4);
        long[] in = s.shape(x);
        if (in[2] % 2 == 0 && in[3] % 2 == 0 && in[1] <= 8) {
            long[] shape = {in[0], in[1] * 4, in[2] / 2, in[3] / 2};
            s.add("spaceToDepth", shape, (c, v) -> c.sd().cnn().spaceToDepth(v[0], 2, DataFormat.NCHW), x);
        } else if (in[1] % 4 == 0) {
            long[] shape = {in[0], in[1] / 4, in[2] * 2, in[3] * 2};
            s.add("depthToSpace", shape, (c, v) -> c.sd().cnn().depthToSpace(v[0], 2, DataFormat.NCHW), x);
        }
    }

    /** The mean or sum over space, and other reductions over any axes. */
    static void reduce(Sketch s) {
        int x = s.anyValue();
        long[] in = s.shape(x);
        if (in.length == 0) {
            return;
        }
        boolean space = in.length == 4 && s.chance(0.6);
        int[] axes = space ? new int[] {2, 3} : axes(s, in.length);
        boolean keep = s.chance(0.5);
        String kind = space && s.chance(0.7) ? "mean" : s.one("mean", "sum", "max", "norm2", "std");
        long[] shape = reduced(in, axes, keep);
        long count = Leaf.product(in) / Leaf.product(shape);
        if (kind.equals("std") && count < 3) {
            return;
        }
        Form form = (c, v) -> switch (kind) {
            case "mean" -> c.sd().mean(v[0], keep, axes);
            case "sum" -> c.sd().sum(v[0], keep, axes).mul(1 / Math.sqrt(count));
            case "max" -> c.sd().max(v[0], keep, axes);
            case "norm2" -> c.sd().norm2(v[0], keep, axes);
            default -> c.sd().standardDeviation(v[0], true, keep, axes);
        };
        s.add(kind + " over " + Arrays.toString(axes) + (keep ? " kept" : ""), shape, form, x);
    }

    private static int[] axes(Sketch s, int rank) {
        int[] all = java.util.stream.IntStream.range(0, rank)
                .filter(i -> s.chance(0.4))
                .toArray();
        return all.length == 0 ? new int[] {s.between(0, rank - 1)} : all;
    }

    static long[] reduced(long[] in, int[] axes, boolean keep) {
        long[] kept = in.clone();
        for (int axis : axes) {
            kept[axis] = keep ? 1 : -1;
        }
        return Arrays.stream(kept).filter(size -> size > 0).toArray();
    }
}

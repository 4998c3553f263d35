package org.patchdiffusion.model.engine.compiled.lower;

import java.util.Arrays;
import java.util.List;
import org.patchdiffusion.model.engine.compiled.ir.AddVector;
import org.patchdiffusion.model.engine.compiled.ir.ChannelScale;
import org.patchdiffusion.model.engine.compiled.ir.ChannelShift;
import org.patchdiffusion.model.engine.compiled.ir.SpreadPixels;
import org.patchdiffusion.model.engine.compiled.ir.SumPixels;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.compiled.kernel.ChannelKernel;
import org.patchdiffusion.model.engine.compiled.kernel.Floats;
import org.patchdiffusion.model.engine.compiled.kernel.Loops;
import org.patchdiffusion.model.engine.compiled.kernel.Tiles;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.ReplicaMemory;
import org.patchdiffusion.model.engine.compiled.run.Step;

/** The nodes between a tensor and one number for each of its channels. */
final class ChannelLowerings {

    private ChannelLowerings() {}

    private static ChannelKernel kernel(Lowering lowering, Value value) {
        return new ChannelKernel(value, lowering.batch(), lowering.tiles());
    }

    static void addVector(Lowering lowering, AddVector node) {
        Buffer x = lowering.of(node.x());
        Buffer vector = lowering.of(node.vector());
        Buffer y = lowering.define(node.output());
        ChannelKernel kernel = kernel(lowering, node.x());
        Tiles t = lowering.tiles();
        lowering.step("add vector", Step.Kind.POINTWISE, 0, List.of(x, vector), List.of(y), memory -> {
            Floats in = memory.floats(x);
            Floats vectors = memory.floats(vector);
            Floats out = memory.floats(y);
            float[] row = new float[node.x().channels()];
            return () -> kernel.map(
                    in,
                    out,
                    image -> vectors.get((long) image * row.length, row, 0, row.length),
                    row,
                    n -> Loops.add(t.x, t.a, t.x, n));
        });
    }

    static void spreadPixels(Lowering lowering, SpreadPixels node) {
        Buffer vector = lowering.of(node.vector());
        Buffer y = lowering.define(node.output());
        ChannelKernel kernel = kernel(lowering, node.output());
        Tiles t = lowering.tiles();
        lowering.step("spread over pixels", Step.Kind.POINTWISE, 0, List.of(vector), List.of(y), memory -> {
            Floats vectors = memory.floats(vector);
            Floats out = memory.floats(y);
            float[] row = new float[node.output().channels()];
            return () -> kernel.map(
                    null,
                    out,
                    image -> vectors.get((long) image * row.length, row, 0, row.length),
                    row,
                    n -> Loops.scale(t.a, node.factor(), t.x, n));
        });
    }

    static void sumPixels(Lowering lowering, SumPixels node) {
        Buffer x = lowering.of(node.x());
        Buffer target = lowering.define(node.output());
        ChannelKernel kernel = kernel(lowering, node.x());
        lowering.step("sum over pixels", Step.Kind.POINTWISE, 0, List.of(x), List.of(target), memory -> {
            Floats in = memory.floats(x);
            Floats out = memory.floats(target);
            float[] row = new float[node.x().channels()];
            return () -> kernel.sums(in, null, (image, sums) -> {
                for (int c = 0; c < row.length; c++) {
                    row[c] = (float) (sums[c] * node.factor());
                }
                out.put((long) image * row.length, row, 0, row.length);
            });
        });
    }

    static void shift(Lowering lowering, ChannelShift node) {
        Tiles t = lowering.tiles();
        parameter(
                lowering, "channel shift", node.x(), node.output(), node.parameter(), n -> Loops.add(t.x, t.a, t.x, n));
    }

    static void scale(Lowering lowering, ChannelScale node) {
        Tiles t = lowering.tiles();
        parameter(
                lowering,
                "channel scale",
                node.x(),
                node.output(),
                node.parameter(),
                n -> Loops.multiply(t.x, t.a, t.x, n));
    }

    private static void parameter(
            Lowering lowering,
            String label,
            Value from,
            Value to,
            String parameter,
            java.util.function.IntConsumer work) {
        Buffer x = lowering.of(from);
        Buffer y = lowering.define(to);
        ChannelKernel kernel = kernel(lowering, from);
        lowering.step(label, Step.Kind.POINTWISE, 0, List.of(x), List.of(y), memory -> {
            Floats in = memory.floats(x);
            Floats out = memory.floats(y);
            long at = memory.parameters().offset(parameter);
            float[] row = new float[from.channels()];
            return () ->
                    kernel.map(in, out, image -> memory.parameters().floats().get(at, row, 0, row.length), row, work);
        });
    }

    static void shiftGradient(Lowering lowering, ChannelShift.Gradient node) {
        Buffer dy = lowering.of(node.dy());
        ChannelKernel kernel = kernel(lowering, node.dy());
        lowering.step("channel shift backward", Step.Kind.POINTWISE, 0, List.of(dy), List.of(), memory -> {
            Floats gradient = memory.floats(dy);
            return () -> total(kernel, gradient, null, memory, node.parameter(), node.add());
        });
    }

    static void scaleGradient(Lowering lowering, ChannelScale.Gradient node) {
        Buffer x = lowering.of(node.x());
        Buffer dy = lowering.of(node.dy());
        ChannelKernel kernel = kernel(lowering, node.x());
        lowering.step("channel scale backward", Step.Kind.POINTWISE, 0, List.of(x, dy), List.of(), memory -> {
            Floats in = memory.floats(x);
            Floats gradient = memory.floats(dy);
            return () -> total(kernel, in, gradient, memory, node.parameter(), node.add());
        });
    }

    /** Sums over the images too, into the parameter's gradient. */
    private static void total(
            ChannelKernel kernel, Floats x, Floats y, ReplicaMemory memory, String parameter, boolean add) {
        double[] total = new double[kernel.channels()];
        kernel.sums(x, y, (image, sums) -> Arrays.setAll(total, c -> total[c] + sums[c]));
        float[] row = new float[total.length];
        for (int c = 0; c < row.length; c++) {
            row[c] = (float) total[c];
        }
        memory.gradient().write(memory.gradient().offset(parameter), row, 0, row.length, add);
    }
}

package org.patchdiffusion.model.engine.compiled.lower;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntConsumer;
import org.patchdiffusion.model.engine.compiled.ir.AddVector;
import org.patchdiffusion.model.engine.compiled.ir.ChannelParameter;
import org.patchdiffusion.model.engine.compiled.ir.SpreadPixels;
import org.patchdiffusion.model.engine.compiled.ir.SumPixels;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.compiled.kernel.ChannelKernel;
import org.patchdiffusion.model.engine.compiled.kernel.Floats;
import org.patchdiffusion.model.engine.compiled.kernel.Loops;
import org.patchdiffusion.model.engine.compiled.kernel.Numbers;
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
            Numbers in = memory.numbers(x);
            Floats vectors = memory.floats(vector);
            Numbers out = memory.numbers(y);
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
        Buffer vector = lowering.of(node.x());
        Buffer y = lowering.define(node.output());
        ChannelKernel kernel = kernel(lowering, node.output());
        Tiles t = lowering.tiles();
        lowering.step("spread over pixels", Step.Kind.POINTWISE, 0, List.of(vector), List.of(y), memory -> {
            Floats vectors = memory.floats(vector);
            Numbers out = memory.numbers(y);
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
            Numbers in = memory.numbers(x);
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

    static void parameter(Lowering lowering, ChannelParameter node) {
        Buffer x = lowering.of(node.x());
        Buffer y = lowering.define(node.output());
        ChannelKernel kernel = kernel(lowering, node.x());
        Tiles t = lowering.tiles();
        IntConsumer work =
                switch (node.op()) {
                    case ADD -> n -> Loops.add(t.x, t.a, t.x, n);
                    case MULTIPLY -> n -> Loops.multiply(t.x, t.a, t.x, n);
                };
        lowering.step(label(node.op()), Step.Kind.POINTWISE, 0, List.of(x), List.of(y), memory -> {
            Numbers in = memory.numbers(x);
            Numbers out = memory.numbers(y);
            long at = memory.parameters().offset(node.parameter());
            float[] row = new float[node.x().channels()];
            return () ->
                    kernel.map(in, out, image -> memory.parameters().floats().get(at, row, 0, row.length), row, work);
        });
    }

    private static String label(ChannelParameter.Op op) {
        return "channel " + op.name().toLowerCase(Locale.ROOT);
    }

    static void parameterGradient(Lowering lowering, ChannelParameter.Gradient node) {
        List<Buffer> reads = node.inputs().stream().map(lowering::of).toList();
        ChannelKernel kernel = kernel(lowering, node.inputs().get(0));
        lowering.step(label(node.op()) + " backward", Step.Kind.POINTWISE, 0, reads, List.of(), memory -> {
            Numbers first = memory.numbers(reads.get(0));
            Numbers second = reads.size() > 1 ? memory.numbers(reads.get(1)) : null;
            return () -> total(kernel, first, second, memory, node.parameter(), node.add());
        });
    }

    /** Sums over the images too, into the parameter's gradient. */
    private static void total(
            ChannelKernel kernel, Numbers x, Numbers y, ReplicaMemory memory, String parameter, boolean add) {
        double[] total = new double[kernel.channels()];
        kernel.sums(x, y, (image, sums) -> Arrays.setAll(total, c -> total[c] + sums[c]));
        float[] row = new float[total.length];
        for (int c = 0; c < row.length; c++) {
            row[c] = (float) total[c];
        }
        memory.gradient().write(memory.gradient().offset(parameter), row, 0, row.length, add);
    }
}

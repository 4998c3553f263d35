package org.patchdiffusion.model.engine.compiled.lower;

import java.util.List;
import org.bytedeco.dnnl.memory;
import org.patchdiffusion.model.engine.compiled.ir.Reorder;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.compiled.kernel.Floats;
import org.patchdiffusion.model.engine.compiled.kernel.Numbers;
import org.patchdiffusion.model.engine.compiled.kernel.Tiles;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.ReplicaMemory;
import org.patchdiffusion.model.engine.compiled.run.Step;

/** A change between the row-major layout and one with blocks of channels, or with the channels last. */
final class ReorderLowering {
    private final Lowering lowering;
    private final Value from;
    private final Value to;

    private ReorderLowering(Lowering lowering, Value from, Value to) {
        this.lowering = lowering;
        this.from = from;
        this.to = to;
    }

    static void forward(Lowering lowering, Reorder node) {
        Value from = node.x();
        Value to = node.output();
        if (from.blocked() == to.blocked()) {
            throw new IllegalStateException("nothing to reorder between " + from + " and " + to);
        }
        ReorderLowering change = new ReorderLowering(lowering, from, to);
        Buffer source = lowering.of(from);
        Buffer target = lowering.define(to);
        Value blocked = from.blocked() ? from : to;
        Step.Binder binder = memory -> change.bind(memory, blocked, source, target);
        lowering.step("layout", Step.Kind.REORDER, 0, List.of(source), List.of(target), binder);
    }

    private Runnable bind(ReplicaMemory memory, Value blocked, Buffer source, Buffer target) {
        boolean last = blocked.layout() == Value.Layout.CHANNELS_LAST;
        if (last ? blocked.map().isExact() : blocked.map().isDense()) {
            return direct(memory, source, target);
        }
        return last ? pixels(memory, blocked, source, target) : scattered(memory, blocked, source, target);
    }

    private Runnable direct(ReplicaMemory memory, Buffer sourceBuffer, Buffer targetBuffer) {
        memory source = memory.dnnl(sourceBuffer, desc(from));
        memory target = memory.dnnl(targetBuffer, desc(to));
        return memory.reorder(source, target);
    }

    private memory.desc desc(Value value) {
        return value.blocked()
                ? lowering.oneDnn().image(value, lowering.batch(), value.channels())
                : OneDnn.rowMajor(lowering.batch(), value.channels(), value.height(), value.width());
    }

    /** Channel by channel, for tensors with padding in the middle (rare: odd channel counts behind a concatenation). */
    private Runnable scattered(ReplicaMemory memory, Value blocked, Buffer sourceBuffer, Buffer targetBuffer) {
        Floats source = memory.floats(sourceBuffer);
        Floats target = memory.floats(targetBuffer);
        int lanes = blocked.map().lanes();
        long pixels = blocked.pixels();
        boolean toPlain = from.blocked();
        return () -> {
            if (!toPlain) {
                clear(target);
            }
            for (int image = 0; image < lowering.batch(); image++) {
                for (int c = 0; c < blocked.channels(); c++) {
                    int place = blocked.map().physical(c);
                    long packed = image * blocked.physicalElements() + place / lanes * lanes * pixels + place % lanes;
                    long plain = ((long) image * blocked.channels() + c) * pixels;
                    for (int p = 0; p < pixels; p++) {
                        if (toPlain) {
                            target.put(plain + p, source.get(packed + (long) p * lanes));
                        } else {
                            target.put(packed + (long) p * lanes, source.get(plain + p));
                        }
                    }
                }
            }
        };
    }

    /** Row by row of the image, for padded pixels. */
    private Runnable pixels(ReplicaMemory memory, Value last, Buffer sourceBuffer, Buffer targetBuffer) {
        boolean toPlain = from == last;
        Floats plain = memory.floats(toPlain ? targetBuffer : sourceBuffer);
        Numbers packed = memory.numbers(toPlain ? sourceBuffer : targetBuffer);
        int physical = last.map().physical();
        float[] row = new float[last.width()];
        // Zeros where no channel is, always.
        float[] pixels = new float[row.length * physical];
        return () -> {
            for (long line = 0; line < (long) lowering.batch() * last.height(); line++) {
                long image = line / last.height();
                if (toPlain) {
                    packed.getInOrder(line * pixels.length, pixels, 0, pixels.length);
                }
                for (int c = 0; c < last.channels(); c++) {
                    long at = ((image * last.channels() + c) * last.height() + line % last.height()) * row.length;
                    if (toPlain) {
                        gather(pixels, last.map().physical(c), physical, row);
                        plain.put(at, row, 0, row.length);
                    } else {
                        plain.get(at, row, 0, row.length);
                        scatter(row, pixels, last.map().physical(c), physical);
                    }
                }
                if (!toPlain) {
                    packed.putInOrder(line * pixels.length, pixels, 0, pixels.length);
                }
            }
        };
    }

    private static void gather(float[] pixels, int at, int step, float[] row) {
        for (int i = 0; i < row.length; i++) {
            row[i] = pixels[at + i * step];
        }
    }

    private static void scatter(float[] row, float[] pixels, int at, int step) {
        for (int i = 0; i < row.length; i++) {
            pixels[at + i * step] = row[i];
        }
    }

    /** Padding must hold finite numbers, whatever stood there. */
    private static void clear(Floats target) {
        float[] zeros = new float[Tiles.SIZE];
        for (long i = 0; i < target.count(); i += zeros.length) {
            target.put(i, zeros, 0, (int) Math.min(zeros.length, target.count() - i));
        }
    }
}

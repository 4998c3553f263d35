package org.patchdiffusion.model.engine.compiled.lower;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;

import java.util.List;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.reorder;
import org.patchdiffusion.model.engine.compiled.ir.Reorder;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.compiled.kernel.Floats;
import org.patchdiffusion.model.engine.compiled.kernel.Tiles;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.ReplicaMemory;
import org.patchdiffusion.model.engine.compiled.run.Step;

/** A change between the row-major and the blocked layout. */
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
        Step.Binder binder = blocked.map().isDense()
                ? memory -> change.direct(memory, source, target)
                : memory -> change.scattered(memory, blocked, source, target);
        lowering.step("layout", Step.Kind.REORDER, 0, List.of(source), List.of(target), binder);
    }

    private Runnable direct(ReplicaMemory memory, Buffer sourceBuffer, Buffer targetBuffer) {
        memory source = memory.dnnl(sourceBuffer, desc(from));
        memory target = memory.dnnl(targetBuffer, desc(to));
        reorder primitive = memory.own(new reorder(source, target));
        IntMemoryMap arguments =
                memory.own(new IntMemoryMap()).put(DNNL_ARG_FROM, source).put(DNNL_ARG_TO, target);
        return () -> primitive.execute(memory.stream(), arguments);
    }

    private memory.desc desc(Value value) {
        return value.blocked()
                ? lowering.oneDnn().blocked(lowering.batch(), value.channels(), value.height(), value.width())
                : OneDnn.rowMajor(lowering.batch(), value.channels(), value.height(), value.width());
    }

    /** Channel by channel, for tensors with padding in the middle (rare: odd channel counts behind a concatenation). */
    private Runnable scattered(ReplicaMemory memory, Value blocked, Buffer sourceBuffer, Buffer targetBuffer) {
        Floats source = memory.floats(sourceBuffer);
        Floats target = memory.floats(targetBuffer);
        int lanes = lowering.oneDnn().lanes();
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

    /** Padding must hold finite numbers, whatever stood there. */
    private static void clear(Floats target) {
        float[] zeros = new float[Tiles.SIZE];
        for (long i = 0; i < target.count(); i += zeros.length) {
            target.put(i, zeros, 0, (int) Math.min(zeros.length, target.count() - i));
        }
    }
}

package org.patchdiffusion.model.engine.compiled;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;

import java.nio.FloatBuffer;
import java.util.List;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.reorder;

/** Moves an image tensor between the plain and the blocked layout. */
final class ReorderLowering implements NodeLowering {
    private final Lowering lowering;
    private final Node.Reorder node;

    ReorderLowering(Lowering lowering, Node.Reorder node) {
        this.lowering = lowering;
        this.node = node;
    }

    @Override
    public void forward() {
        move(node.x(), lowering.of(node.x()), node.output(), lowering.define(node.output()));
    }

    @Override
    public void backward() {
        Buffer dx = lowering.allocate("d " + node.x().name, node.x());
        move(node.output(), lowering.gradient(node.output()), node.x(), dx);
        lowering.contribute(node.x(), dx);
    }

    private void move(Value fromValue, Buffer from, Value toValue, Buffer to) {
        Value blocked = fromValue.blocked() ? fromValue : toValue;
        if (fromValue.blocked() == toValue.blocked()) {
            throw new IllegalStateException("nothing to reorder between " + fromValue + " and " + toValue);
        }
        Step.Binder binder = blocked.map().isDense()
                ? memory -> direct(memory, fromValue, from, toValue, to)
                : memory -> scattered(memory, blocked, fromValue.blocked(), from, to);
        lowering.step("layout", Step.Kind.REORDER, 0, List.of(from), List.of(to), binder);
    }

    private Runnable direct(ReplicaMemory memory, Value fromValue, Buffer from, Value toValue, Buffer to) {
        memory source = memory.dnnl(from, desc(fromValue));
        memory target = memory.dnnl(to, desc(toValue));
        reorder primitive = memory.own(new reorder(source, target));
        IntMemoryMap arguments =
                memory.own(new IntMemoryMap()).put(DNNL_ARG_FROM, source).put(DNNL_ARG_TO, target);
        return () -> primitive.execute(memory.stream(), arguments);
    }

    private memory.desc desc(Value value) {
        return value.blocked()
                ? lowering.oneDnn().blocked(lowering.batch(), value.channels, value.height, value.width)
                : OneDnn.rowMajor(lowering.batch(), value.channels, value.height, value.width);
    }

    /** Channel by channel, for tensors with padding in the middle (rare: odd channel counts behind a concatenation). */
    private Runnable scattered(ReplicaMemory memory, Value blocked, boolean toPlain, Buffer from, Buffer to) {
        FloatBuffer source = memory.floats(from);
        FloatBuffer target = memory.floats(to);
        int lanes = lowering.oneDnn().lanes();
        int pixels = blocked.pixels();
        return () -> {
            for (int image = 0; image < lowering.batch(); image++) {
                for (int c = 0; c < blocked.channels; c++) {
                    int place = blocked.map().physical(c);
                    int packed = image * blocked.floatsPerImage() + place / lanes * lanes * pixels + place % lanes;
                    int plain = (image * blocked.channels + c) * pixels;
                    for (int p = 0; p < pixels; p++) {
                        if (toPlain) {
                            target.put(plain + p, source.get(packed + p * lanes));
                        } else {
                            target.put(packed + p * lanes, source.get(plain + p));
                        }
                    }
                }
            }
        };
    }
}

package org.patchdiffusion.model.engine.compiled.lower;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WORKSPACE;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_inference;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;
import static org.bytedeco.dnnl.global.dnnl.dnnl_pooling_avg_exclude_padding;
import static org.bytedeco.dnnl.global.dnnl.dnnl_pooling_avg_include_padding;
import static org.bytedeco.dnnl.global.dnnl.dnnl_pooling_max;

import java.util.List;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.pooling_backward;
import org.bytedeco.dnnl.pooling_forward;
import org.patchdiffusion.model.engine.compiled.ir.Pool;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.compiled.ir.Window;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.Step;

/** Pooling as oneDNN primitives on blocked tensors. */
final class PoolLowering {
    private final Lowering lowering;
    private final Pool node;
    private final int algorithm;
    private final memory.desc source;
    private final memory.desc target;

    private PoolLowering(Lowering lowering, Pool node) {
        this.lowering = lowering;
        this.node = node;
        this.algorithm = switch (node.kind()) {
            case MAX -> dnnl_pooling_max;
            case AVERAGE_WITH_PADDING -> dnnl_pooling_avg_include_padding;
            case AVERAGE_WITHOUT_PADDING -> dnnl_pooling_avg_exclude_padding;
        };
        this.source = desc(node.x());
        this.target = desc(node.output());
    }

    private memory.desc desc(Value value) {
        return lowering.oneDnn().image(value, lowering.batch());
    }

    static void forward(Lowering lowering, Pool node) {
        if (averagesSquares(node)) {
            int side = node.window().kernelHeight();
            BlockLowering.collect(lowering, "average", node.x(), node.output(), side, 1f / (side * side));
            return;
        }
        PoolLowering pool = new PoolLowering(lowering, node);
        pooling_forward.primitive_desc primitiveDesc = pool.describe(dnnl_forward_inference);
        Buffer x = lowering.of(node.x());
        Buffer y = lowering.define(node.output());
        pool.forward("pool " + node.window(), primitiveDesc, x, y, null);
    }

    static void gradient(Lowering lowering, Pool.Gradient node) {
        if (averagesSquares(node.pool())) {
            int side = node.pool().window().kernelHeight();
            BlockLowering.spread(lowering, "average backward", node.dy(), node.output(), side, 1f / (side * side));
            return;
        }
        new PoolLowering(lowering, node.pool()).gradient(node);
    }

    /** Means of squares side by side, which fill the image. */
    private static boolean averagesSquares(Pool node) {
        Window w = node.window();
        int side = w.kernelHeight();
        return node.kind() != Pool.Kind.MAX
                && w.kernelWidth() == side
                && w.strideHeight() == side
                && w.strideWidth() == side
                && node.output().height() * side == node.x().height()
                && node.output().width() * side == node.x().width()
                && w.top() + w.bottom() + w.left() + w.right() == 0;
    }

    private pooling_forward.primitive_desc describe(int propagation) {
        Window w = node.window();
        pooling_forward.desc desc = new pooling_forward.desc(
                propagation, algorithm, source, target, w.strides(), w.kernel(), w.before(), w.after());
        pooling_forward.primitive_desc primitive = new pooling_forward.primitive_desc(
                desc, OneDnn.attributes(), lowering.oneDnn().engine());
        OneDnn.requireFast(primitive.impl_info_str().getString(), "the pooling");
        return primitive;
    }

    private void forward(
            String label, pooling_forward.primitive_desc primitiveDesc, Buffer x, Buffer y, Buffer workspace) {
        memory.desc scratchDesc = primitiveDesc.scratchpad_desc();
        Buffer scratch = lowering.scratch(scratchDesc);
        List<Buffer> writes = workspace == null ? List.of(y, scratch) : List.of(y, workspace, scratch);
        lowering.step(label, Step.Kind.POINTWISE, 0, List.of(x), writes, memory -> {
            IntMemoryMap arguments = memory.own(new IntMemoryMap())
                    .put(DNNL_ARG_SRC, memory.dnnl(x, source))
                    .put(DNNL_ARG_DST, memory.dnnl(y, target))
                    .put(DNNL_ARG_SCRATCHPAD, memory.dnnl(scratch, scratchDesc));
            if (workspace != null) {
                arguments.put(DNNL_ARG_WORKSPACE, memory.dnnl(workspace, primitiveDesc.workspace_desc()));
            }
            pooling_forward primitive = memory.own(new pooling_forward(primitiveDesc));
            return () -> primitive.execute(memory.stream(), arguments);
        });
    }

    /** The places of the maxima come from pooling once more: kept since the forward pass, they would cost memory. */
    private void gradient(Pool.Gradient gradient) {
        pooling_forward.primitive_desc forward = describe(dnnl_forward_training);
        Window w = node.window();
        pooling_backward.primitive_desc primitiveDesc = new pooling_backward.primitive_desc(
                new pooling_backward.desc(algorithm, source, target, w.strides(), w.kernel(), w.before(), w.after()),
                OneDnn.attributes(),
                lowering.oneDnn().engine(),
                forward);
        OneDnn.requireFast(primitiveDesc.impl_info_str().getString(), "the gradient of the pooling");
        Buffer workspace = null;
        if (node.kind() == Pool.Kind.MAX) {
            workspace =
                    Buffer.inArena("places of maxima", forward.workspace_desc().get_size());
            Buffer again = lowering.allocate(
                    "maxima", (long) lowering.batch() * node.output().physicalElements());
            forward("pool again " + w, forward, lowering.of(gradient.x()), again, workspace);
        }
        backward(primitiveDesc, forward, lowering.of(gradient.dy()), lowering.define(gradient.output()), workspace);
    }

    /** The descriptor keeps a bare pointer to the forward one, which must therefore live as long. */
    private void backward(
            pooling_backward.primitive_desc primitiveDesc,
            pooling_forward.primitive_desc forward,
            Buffer dy,
            Buffer dx,
            Buffer workspace) {
        memory.desc scratchDesc = primitiveDesc.scratchpad_desc();
        Buffer scratch = lowering.scratch(scratchDesc);
        List<Buffer> reads = workspace == null ? List.of(dy) : List.of(dy, workspace);
        String label = "pool " + node.window() + " backward";
        lowering.step(label, Step.Kind.POINTWISE, 0, reads, List.of(dx, scratch), memory -> {
            IntMemoryMap arguments = memory.own(new IntMemoryMap())
                    .put(DNNL_ARG_DIFF_SRC, memory.dnnl(dx, source))
                    .put(DNNL_ARG_DIFF_DST, memory.dnnl(dy, target))
                    .put(DNNL_ARG_SCRATCHPAD, memory.dnnl(scratch, scratchDesc));
            if (workspace != null) {
                arguments.put(DNNL_ARG_WORKSPACE, memory.dnnl(workspace, primitiveDesc.workspace_desc()));
            }
            memory.own(forward);
            pooling_backward primitive = memory.own(new pooling_backward(primitiveDesc));
            return () -> primitive.execute(memory.stream(), arguments);
        });
    }
}

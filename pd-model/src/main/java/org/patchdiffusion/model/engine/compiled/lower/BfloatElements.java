package org.patchdiffusion.model.engine.compiled.lower;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_0;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_1;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_add;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_linear;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_inference;

import java.util.List;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.binary;
import org.bytedeco.dnnl.eltwise_forward;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_attr;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.Step;

/** What combines bfloat16 tensors element by element and is too little work for the way through tiles: oneDNN primitives. */
final class BfloatElements {

    private BfloatElements() {}

    /** {@code out = (a + b) · factor}. */
    static void scaledAdd(Lowering lowering, Buffer a, Buffer b, float factor, Buffer out) {
        memory.desc row = OneDnn.row(memory.data_type.bf16, out.count());
        primitive_attr attributes = OneDnn.attributes();
        if (factor != 1f) {
            attributes.set_scales(DNNL_ARG_SRC_0, 0, new float[] {factor});
            attributes.set_scales(DNNL_ARG_SRC_1, 0, new float[] {factor});
        }
        binary.primitive_desc sum = new binary.primitive_desc(
                new binary.desc(dnnl_binary_add, row, row, row),
                attributes,
                lowering.oneDnn().engine());
        OneDnn.requireFast(sum.impl_info_str().getString(), "the sum of " + a.name() + " and " + b.name());
        memory.desc scratchDesc = sum.scratchpad_desc();
        Buffer scratch = lowering.scratch(scratchDesc);
        lowering.step("residual", Step.Kind.POINTWISE, 0, List.of(a, b), List.of(out, scratch), memory -> {
            IntMemoryMap arguments = memory.own(new IntMemoryMap())
                    .put(DNNL_ARG_SRC_0, memory.dnnl(a, row))
                    .put(DNNL_ARG_SRC_1, memory.dnnl(b, row))
                    .put(DNNL_ARG_DST, memory.dnnl(out, row))
                    .put(DNNL_ARG_SCRATCHPAD, memory.dnnl(scratch, scratchDesc));
            binary primitive = memory.own(new binary(sum));
            return () -> primitive.execute(memory.stream(), arguments);
        });
    }

    /** {@code y = x · factor + offset}. */
    static void scale(Lowering lowering, Buffer x, float factor, float offset, Buffer y) {
        memory.desc row = OneDnn.row(memory.data_type.bf16, y.count());
        eltwise_forward.primitive_desc linear = new eltwise_forward.primitive_desc(
                new eltwise_forward.desc(dnnl_forward_inference, dnnl_eltwise_linear, row, factor, offset),
                OneDnn.attributes(),
                lowering.oneDnn().engine());
        OneDnn.requireFast(linear.impl_info_str().getString(), "a multiple of " + x.name());
        memory.desc scratchDesc = linear.scratchpad_desc();
        Buffer scratch = lowering.scratch(scratchDesc);
        lowering.step("scale", Step.Kind.POINTWISE, 0, List.of(x), List.of(y, scratch), memory -> {
            IntMemoryMap arguments = memory.own(new IntMemoryMap())
                    .put(DNNL_ARG_SRC, memory.dnnl(x, row))
                    .put(DNNL_ARG_DST, memory.dnnl(y, row))
                    .put(DNNL_ARG_SCRATCHPAD, memory.dnnl(scratch, scratchDesc));
            eltwise_forward primitive = memory.own(new eltwise_forward(linear));
            return () -> primitive.execute(memory.stream(), arguments);
        });
    }
}

package org.patchdiffusion.model.engine.compiled.lower;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;

import java.util.List;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.softmax_forward;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.Step;

/** The softmax of attention, over the last axis of {@code [batch·heads, pixels, pixels]} in float32. */
final class Softmax {

    private Softmax() {}

    /** @param name of the attention, for messages */
    static softmax_forward.primitive_desc describe(Lowering lowering, String name, memory.desc scores) {
        softmax_forward.primitive_desc softmax = new softmax_forward.primitive_desc(
                new softmax_forward.desc(dnnl_forward_training, scores, 2),
                OneDnn.attributes(),
                lowering.oneDnn().engine());
        OneDnn.requireFast(softmax.impl_info_str().getString(), "the softmax of " + name);
        return softmax;
    }

    /** In place. */
    static void forward(Lowering lowering, String name, memory.desc scores, Buffer buffer) {
        softmax_forward.primitive_desc softmax = describe(lowering, name, scores);
        memory.desc scratchDesc = softmax.scratchpad_desc();
        Buffer scratch = lowering.scratch(scratchDesc);
        lowering.step("softmax forward", Step.Kind.POINTWISE, 0, List.of(buffer), List.of(buffer, scratch), memory -> {
            IntMemoryMap arguments = memory.own(new IntMemoryMap())
                    .put(DNNL_ARG_SRC, memory.dnnl(buffer, scores))
                    .put(DNNL_ARG_DST, memory.dnnl(buffer, scores))
                    .put(DNNL_ARG_SCRATCHPAD, memory.dnnl(scratch, scratchDesc));
            softmax_forward primitive = memory.own(new softmax_forward(softmax));
            return () -> primitive.execute(memory.stream(), arguments);
        });
    }
}

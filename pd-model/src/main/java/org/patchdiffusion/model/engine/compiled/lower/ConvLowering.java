package org.patchdiffusion.model.engine.compiled.lower;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import java.util.List;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.memory;
import org.patchdiffusion.model.engine.compiled.ir.Conv;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.Step;

/** A convolution and the gradient of its input as oneDNN primitives on blocked tensors. */
final class ConvLowering {

    private ConvLowering() {}

    static void forward(Lowering lowering, Conv node) {
        ConvPrimitives conv = ConvPrimitives.of(lowering, node);
        memory kernel = lowering.weights().kernel(conv.shape(), conv.forward().weights_desc());
        Buffer x = lowering.of(node.x());
        Buffer y = lowering.define(node.output());
        memory.desc scratchDesc = conv.forward().scratchpad_desc();
        Buffer scratch = lowering.scratch(scratchDesc);
        lowering.step(
                conv.label("forward"),
                Step.Kind.CONVOLUTION,
                conv.flops(lowering),
                List.of(x),
                List.of(y, scratch),
                memory -> {
                    IntMemoryMap arguments = memory.own(new IntMemoryMap())
                            .put(DNNL_ARG_SRC, memory.dnnl(x, conv.source()))
                            .put(DNNL_ARG_WEIGHTS, kernel)
                            .put(DNNL_ARG_DST, memory.dnnl(y, conv.target()))
                            .put(DNNL_ARG_SCRATCHPAD, memory.dnnl(scratch, scratchDesc));
                    if (node.bias() != null) {
                        arguments.put(
                                DNNL_ARG_BIAS,
                                memory.dnnl(
                                        lowering.weights()
                                                .bias(node.bias(), conv.shape().out()),
                                        conv.bias()));
                    }
                    convolution_forward primitive = memory.own(new convolution_forward(conv.forward()));
                    return () -> primitive.execute(memory.stream(), arguments);
                });
    }

    static void inputGradient(Lowering lowering, Conv.InputGradient node) {
        ConvPrimitives conv = ConvPrimitives.of(lowering, node.conv());
        convolution_backward_data.primitive_desc primitiveDesc = conv.inputGradient();
        memory kernel = lowering.weights().kernel(conv.shape(), primitiveDesc.weights_desc());
        memory.desc scratchDesc = primitiveDesc.scratchpad_desc();
        Buffer dy = lowering.of(node.dy());
        Buffer dx = lowering.define(node.output());
        Buffer scratch = lowering.scratch(scratchDesc);
        lowering.step(
                conv.label("backward data"),
                Step.Kind.CONVOLUTION,
                conv.flops(lowering),
                List.of(dy),
                List.of(dx, scratch),
                memory -> {
                    IntMemoryMap arguments = memory.own(new IntMemoryMap())
                            .put(DNNL_ARG_DIFF_SRC, memory.dnnl(dx, conv.source()))
                            .put(DNNL_ARG_WEIGHTS, kernel)
                            .put(DNNL_ARG_DIFF_DST, memory.dnnl(dy, conv.target()))
                            .put(DNNL_ARG_SCRATCHPAD, memory.dnnl(scratch, scratchDesc));
                    convolution_backward_data primitive = memory.own(new convolution_backward_data(primitiveDesc));
                    return () -> primitive.execute(memory.stream(), arguments);
                });
    }
}

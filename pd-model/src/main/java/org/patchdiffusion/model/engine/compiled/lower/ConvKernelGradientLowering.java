package org.patchdiffusion.model.engine.compiled.lower;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;

import java.util.List;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.reorder;
import org.patchdiffusion.model.engine.compiled.ir.Conv;
import org.patchdiffusion.model.engine.compiled.kernel.Floats;
import org.patchdiffusion.model.engine.compiled.onednn.KernelShape;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.ReplicaMemory;
import org.patchdiffusion.model.engine.compiled.run.Step;

/** The gradient of a convolution's kernel and bias, brought into the flat gradient buffer. */
final class ConvKernelGradientLowering {
    private final Lowering lowering;
    private final Conv.KernelGradient node;
    private final ConvPrimitives conv;
    private final KernelShape shape;
    private final boolean direct;

    private ConvKernelGradientLowering(Lowering lowering, Conv.KernelGradient node) {
        this.lowering = lowering;
        this.node = node;
        this.conv = ConvPrimitives.of(lowering, node.conv());
        this.shape = conv.shape();
        this.direct = shape.isExact() && !node.addKernel();
    }

    static void lower(Lowering lowering, Conv.KernelGradient node) {
        new ConvKernelGradientLowering(lowering, node).lower();
    }

    private void lower() {
        convolution_backward_weights.primitive_desc primitiveDesc = conv.kernelGradient();
        memory.desc kernelDesc = primitiveDesc.diff_weights_desc();
        memory.desc scratchDesc = primitiveDesc.scratchpad_desc();
        Buffer x = lowering.of(node.x());
        Buffer dy = lowering.of(node.dy());
        String kernelName = "d " + node.conv().kernel();
        Buffer kernel = Buffer.inArena(kernelName, kernelDesc.get_size());
        Buffer biases = node.conv().bias() == null
                ? null
                : lowering.allocate("d " + node.conv().bias(), shape.out().physical());
        Buffer scratch = lowering.scratch(scratchDesc);
        lowering.step(
                conv.label("backward weights"),
                Step.Kind.CONVOLUTION,
                conv.flops(lowering),
                List.of(x, dy),
                Buffer.present(kernel, biases, scratch),
                memory -> {
                    IntMemoryMap arguments = memory.own(new IntMemoryMap())
                            .put(DNNL_ARG_SRC, memory.dnnl(x, conv.source()))
                            .put(DNNL_ARG_DIFF_DST, memory.dnnl(dy, conv.target()))
                            .put(DNNL_ARG_DIFF_WEIGHTS, memory.dnnl(kernel, kernelDesc))
                            .put(DNNL_ARG_SCRATCHPAD, memory.dnnl(scratch, scratchDesc));
                    if (biases != null) {
                        arguments.put(DNNL_ARG_DIFF_BIAS, memory.dnnl(biases, conv.bias()));
                    }
                    convolution_backward_weights primitive =
                            memory.own(new convolution_backward_weights(primitiveDesc));
                    return () -> primitive.execute(memory.stream(), arguments);
                });
        unpack(kernel, kernelDesc, biases);
    }

    /** Brings the kernel into the flat buffer's order, in place if it has neither padding nor something to add to. */
    private void unpack(Buffer kernel, memory.desc kernelDesc, Buffer biases) {
        Buffer staging = direct ? null : lowering.allocate(kernel.name() + " staging", shape.physicalFloats());
        lowering.step(
                "kernel gradient reorder",
                Step.Kind.REORDER,
                0,
                Buffer.present(kernel, biases),
                Buffer.present(staging),
                memory -> {
                    memory flat;
                    if (direct) {
                        flat = memory.unbound(shape.desc());
                        memory.gradient().follow(node.conv().kernel(), flat);
                    } else {
                        flat = memory.dnnl(staging, shape.desc());
                    }
                    memory packed = memory.dnnl(kernel, kernelDesc);
                    reorder copy = memory.own(new reorder(packed, flat));
                    IntMemoryMap arguments = memory.own(new IntMemoryMap())
                            .put(DNNL_ARG_FROM, packed)
                            .put(DNNL_ARG_TO, flat);
                    Runnable rows = rows(memory, staging, biases);
                    return () -> {
                        copy.execute(memory.stream(), arguments);
                        rows.run();
                    };
                });
    }

    /** Writes what the reorder did not: the bias, and the kernel without padding. */
    private Runnable rows(ReplicaMemory memory, Buffer staging, Buffer biases) {
        Floats padded = staging == null ? null : memory.floats(staging);
        Floats bias = biases == null ? null : memory.floats(biases);
        long kernelAt = memory.gradient().offset(node.conv().kernel());
        long biasAt = bias == null ? 0 : memory.gradient().offset(node.conv().bias());
        int channels = shape.out().logical();
        float[] row = new float[channels];
        return () -> {
            if (bias != null) {
                bias.get(0, row, 0, channels);
                memory.gradient().write(biasAt, row, 0, channels, node.addBias());
            }
            if (padded != null) {
                memory.stream()._wait();
                shape.forEachRow((logical, physical) -> {
                    padded.get(physical, row, 0, channels);
                    memory.gradient().write(kernelAt + logical, row, 0, channels, node.addKernel());
                });
            }
        };
    }
}

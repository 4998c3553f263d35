package org.patchdiffusion.model.engine.compiled;

import java.util.ArrayList;
import java.util.List;

/** Group norm with everything fused into it: embedding, adaptive scale and offset, SiLU. */
final class NormLowering implements NodeLowering {
    private final Lowering lowering;
    private final Node.Norm node;
    private final NormKernel kernel;

    NormLowering(Lowering lowering, Node.Norm node) {
        this.lowering = lowering;
        this.node = node;
        this.kernel = new NormKernel(node, lowering.batch(), lowering.tiles());
    }

    @Override
    public void forward() {
        Buffer x = lowering.of(node.x());
        Buffer shift = node.shift() == null ? null : lowering.of(node.shift());
        Buffer adaptive = node.adaptive() == null ? null : lowering.of(node.adaptive());
        Buffer y = lowering.define(node.output());
        lowering.step(label(""), Step.Kind.POINTWISE, 0, present(x, shift, adaptive), List.of(y), memory -> {
            NormKernel.Forward work = new NormKernel.Forward(
                    memory.floats(x),
                    shift == null ? null : memory.floats(shift),
                    adaptive == null ? null : memory.floats(adaptive),
                    memory.floats(y));
            int gamma = memory.parameters().offset(node.gamma());
            int beta = memory.parameters().offset(node.beta());
            return () -> {
                kernel.readParameters(memory.parameters().floats(), gamma, beta);
                kernel.forward(work);
            };
        });
    }

    @Override
    public void backward() {
        Buffer x = lowering.of(node.x());
        Buffer dy = lowering.gradient(node.output());
        Buffer old = lowering.gradient(node.x());
        Buffer dx = lowering.allocate("d " + node.x().name, node.x());
        Buffer dShift = vectorGradient(node.shift());
        Buffer dAdaptive = vectorGradient(node.adaptive());
        List<Buffer> writes = present(dx, dShift, dAdaptive);
        lowering.step(label(" backward"), Step.Kind.POINTWISE, 0, present(x, dy, old), writes, memory -> {
            NormKernel.Backward work = new NormKernel.Backward(
                    memory.floats(x),
                    memory.floats(dy),
                    old == null ? null : memory.floats(old),
                    memory.floats(dx),
                    dShift == null ? null : memory.floats(dShift),
                    dAdaptive == null ? null : memory.floats(dAdaptive));
            int gamma = memory.gradient().offset(node.gamma());
            int beta = memory.gradient().offset(node.beta());
            return () -> {
                kernel.backward(work);
                kernel.writeGradients(memory.gradient().floats(), gamma, beta);
            };
        });
        lowering.replaceGradient(node.x(), dx);
        lowering.offerScaling(dx, factor -> kernel.scaleOutput((float) factor));
        if (dShift != null) {
            lowering.contribute(node.shift(), dShift);
        }
        if (dAdaptive != null) {
            lowering.contribute(node.adaptive(), dAdaptive);
        }
    }

    private Buffer vectorGradient(Value vector) {
        return vector == null || !vector.differentiable ? null : lowering.allocate("d " + vector.name, vector);
    }

    private static List<Buffer> present(Buffer... buffers) {
        List<Buffer> present = new ArrayList<>();
        for (Buffer buffer : buffers) {
            if (buffer != null) {
                present.add(buffer);
            }
        }
        return present;
    }

    private String label(String direction) {
        return (node.silu() ? "group norm + SiLU" : "group norm") + direction;
    }
}

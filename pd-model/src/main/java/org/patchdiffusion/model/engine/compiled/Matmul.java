package org.patchdiffusion.model.engine.compiled;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.javacpp.FloatPointer;

/** One matrix product (or a batch of them) as a step: {@code target = factor · (left · right) + bias}. */
final class Matmul {

    /**
     * A matrix operand.
     *
     * @param buffer what the schedule tracks; null for parameters and gradients, which lie outside
     * @param desc dimensions and strides
     * @param place how to find the memory once it is there
     */
    record Operand(Buffer buffer, memory.desc desc, Function<ReplicaMemory, memory> place) {

        /** A matrix inside a buffer, {@code start} floats behind its beginning. */
        static Operand of(Buffer buffer, long start, memory.desc desc) {
            return new Operand(buffer, desc, memory -> {
                FloatPointer pointer = memory.pointer(buffer);
                return memory.dnnl(pointer.getPointer(start), desc);
            });
        }

        /** A parameter, read in place. */
        static Operand parameter(String name, memory.desc desc) {
            return new Operand(
                    null, desc, memory -> memory.dnnl(memory.parameters().pointer(name), desc));
        }

        /** A parameter's gradient, written in place. */
        static Operand gradientOf(String name, memory.desc desc) {
            return new Operand(null, desc, memory -> {
                memory target = memory.unbound(desc);
                memory.gradient().follow(name, target);
                return target;
            });
        }
    }

    private Matmul() {}

    /** Adds the step; {@code bias} may be null. */
    static void add(
            Lowering lowering,
            String label,
            Operand left,
            Operand right,
            Operand bias,
            Operand target,
            float factor,
            long flops) {
        primitive_attr attributes = Lowering.attributes();
        if (factor != 1f) {
            attributes.set_output_scales(0, new float[] {factor});
        }
        matmul.desc desc = bias == null
                ? new matmul.desc(left.desc(), right.desc(), target.desc())
                : new matmul.desc(left.desc(), right.desc(), bias.desc(), target.desc());
        matmul.primitive_desc primitive =
                new matmul.primitive_desc(desc, attributes, lowering.oneDnn().engine());
        OneDnn.requireFast(primitive.impl_info_str().getString(), "the matrix product of " + label);
        memory.desc scratchDesc = primitive.scratchpad_desc();
        Buffer scratch = lowering.allocate(label + " scratch", OneDnn.floats(scratchDesc));
        lowering.step(
                label,
                Step.Kind.MATMUL,
                flops,
                buffers(left, right),
                target.buffer() == null ? List.of(scratch) : List.of(target.buffer(), scratch),
                memory -> {
                    IntMemoryMap arguments = memory.own(new IntMemoryMap())
                            .put(DNNL_ARG_SRC, left.place().apply(memory))
                            .put(DNNL_ARG_WEIGHTS, right.place().apply(memory))
                            .put(DNNL_ARG_DST, target.place().apply(memory))
                            .put(DNNL_ARG_SCRATCHPAD, memory.dnnl(scratch, scratchDesc));
                    if (bias != null) {
                        arguments.put(DNNL_ARG_BIAS, bias.place().apply(memory));
                    }
                    matmul product = memory.own(new matmul(primitive));
                    return () -> product.execute(memory.stream(), arguments);
                });
    }

    private static List<Buffer> buffers(Operand... operands) {
        List<Buffer> buffers = new ArrayList<>();
        for (Operand operand : operands) {
            if (operand.buffer() != null) {
                buffers.add(operand.buffer());
            }
        }
        return buffers;
    }
}

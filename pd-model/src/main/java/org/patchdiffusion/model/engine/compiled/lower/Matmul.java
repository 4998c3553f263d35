package org.patchdiffusion.model.engine.compiled.lower;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import java.util.function.Function;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.ReplicaMemory;
import org.patchdiffusion.model.engine.compiled.run.Step;

/** One matrix product (or a batch of them) as a step: {@code target = factor · (left · right) + bias}. */
final class Matmul {
    private final String label;
    private final Operand left;
    private final Operand right;
    private final Operand target;
    private Operand bias;
    private float factor = 1f;
    private boolean adding;
    private long flops;

    /**
     * A matrix operand.
     *
     * @param buffer what the schedule tracks; null for parameters and gradients, which lie outside
     * @param start index of the first number in the buffer
     * @param desc dimensions and strides
     * @param place how to find the memory once it is there
     */
    record Operand(Buffer buffer, long start, memory.desc desc, Function<ReplicaMemory, memory> place) {

        /** A matrix inside a buffer, {@code start} numbers behind its beginning. */
        static Operand of(Buffer buffer, long start, memory.desc desc) {
            return new Operand(buffer, start, desc, memory -> memory.dnnl(memory.at(buffer, start), desc));
        }

        /** The same place with other dimensions and strides. */
        Operand as(memory.desc other) {
            return of(buffer, start, other);
        }

        /** A parameter, read in place. */
        static Operand parameter(String name, memory.desc desc) {
            return new Operand(
                    null, 0, desc, memory -> memory.dnnl(memory.parameters().pointer(name), desc));
        }

        /** A parameter's gradient, written in place. */
        static Operand gradientOf(String name, memory.desc desc) {
            return new Operand(null, 0, desc, memory -> {
                memory target = memory.unbound(desc);
                memory.gradient().follow(name, target);
                return target;
            });
        }
    }

    private Matmul(String label, Operand left, Operand right, Operand target) {
        this.label = label;
        this.left = left;
        this.right = right;
        this.target = target;
    }

    static Matmul of(String label, Operand left, Operand right, Operand target) {
        return new Matmul(label, left, right, target);
    }

    /** Adds a row to every row of the product; null for none. */
    Matmul bias(Operand row) {
        bias = row;
        return this;
    }

    Matmul times(float number) {
        factor = number;
        return this;
    }

    /** Adds to what the target holds if {@code add}, else overwrites it. */
    Matmul adding(boolean add) {
        adding = add;
        return this;
    }

    /** Floating-point operations, for profiles. */
    Matmul flops(long count) {
        flops = count;
        return this;
    }

    /** Adds the step. */
    void addTo(Lowering lowering) {
        matmul.primitive_desc primitive = describe(lowering.oneDnn());
        memory.desc scratchDesc = primitive.scratchpad_desc();
        Buffer scratch = lowering.scratch(scratchDesc);
        lowering.step(
                label,
                Step.Kind.MATMUL,
                flops,
                Buffer.present(left.buffer(), right.buffer()),
                Buffer.present(target.buffer(), scratch),
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

    private matmul.primitive_desc describe(OneDnn oneDnn) {
        primitive_attr attributes = OneDnn.attributes();
        if (factor != 1f) {
            attributes.set_output_scales(0, new float[] {factor});
        }
        if (adding) {
            post_ops sum = new post_ops();
            sum.append_sum();
            attributes.set_post_ops(sum);
        }
        matmul.desc desc = bias == null
                ? new matmul.desc(left.desc(), right.desc(), target.desc())
                : new matmul.desc(left.desc(), right.desc(), bias.desc(), target.desc());
        matmul.primitive_desc primitive = new matmul.primitive_desc(desc, attributes, oneDnn.engine());
        OneDnn.requireFast(primitive.impl_info_str().getString(), "the matrix product of " + label);
        return primitive;
    }
}

package org.patchdiffusion.model.engine.compiled;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_direct;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_winograd;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_inference;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;

import java.nio.FloatBuffer;
import java.util.List;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.reorder;

/** A convolution as oneDNN primitives on blocked tensors. */
final class ConvLowering implements NodeLowering {
    /** Winograd computes 4×4 outputs at a time; on smaller images direct convolution is up to four times faster. */
    private static final int WINOGRAD_TILE = 4;

    private static final long[] STRIDE = {1, 1};

    private final Lowering lowering;
    private final Node.Conv node;
    private final KernelShape shape;
    private final memory.desc source;
    private final memory.desc target;
    private final memory.desc bias;
    private final long[] padding;
    private int algorithm;
    private convolution_forward.primitive_desc forward;

    ConvLowering(Lowering lowering, Node.Conv node) {
        this.lowering = lowering;
        this.node = node;
        Value x = node.x();
        Value y = node.output();
        this.shape =
                new KernelShape(node.kernel(), x.map(), y.map(), node.shape().size());
        OneDnn oneDnn = lowering.oneDnn();
        this.source = oneDnn.blocked(lowering.batch(), x.map().physical(), x.height, x.width);
        this.target = oneDnn.blocked(lowering.batch(), y.map().physical(), y.height, y.width);
        this.bias = OneDnn.rowMajor(y.map().physical());
        this.padding = new long[] {node.shape().padding(), node.shape().padding()};
    }

    @Override
    public void forward() {
        chooseAlgorithm();
        OneDnn.requireFast(forward.impl_info_str().getString(), "the convolution with " + node.kernel());
        memory kernel = lowering.weights().kernel(shape, forward.weights_desc());
        Buffer x = lowering.of(node.x());
        Buffer y = lowering.define(node.output());
        memory.desc scratchDesc = forward.scratchpad_desc();
        Buffer scratch = scratch(scratchDesc);
        lowering.step(label("forward"), Step.Kind.CONVOLUTION, flops(), List.of(x), List.of(y, scratch), memory -> {
            IntMemoryMap arguments = memory.own(new IntMemoryMap())
                    .put(DNNL_ARG_SRC, memory.dnnl(x, source))
                    .put(DNNL_ARG_WEIGHTS, kernel)
                    .put(DNNL_ARG_BIAS, memory.dnnl(lowering.weights().bias(node.bias(), shape.out()), bias))
                    .put(DNNL_ARG_DST, memory.dnnl(y, target))
                    .put(DNNL_ARG_SCRATCHPAD, memory.dnnl(scratch, scratchDesc));
            convolution_forward primitive = memory.own(new convolution_forward(forward));
            return () -> primitive.execute(memory.stream(), arguments);
        });
    }

    private void chooseAlgorithm() {
        boolean winograd = lowering.accuracy() == Accuracy.FAST
                && lowering.oneDnn().hasWinograd()
                && node.shape().size() == 3
                && Math.min(node.output().height, node.output().width) >= WINOGRAD_TILE;
        if (winograd) {
            try {
                algorithm = dnnl_convolution_winograd;
                forward = describe();
                return;
            } catch (RuntimeException e) {
                // oneDNN throws where it has no Winograd form for the shape; direct convolution always exists.
                forward = null;
            }
        }
        algorithm = dnnl_convolution_direct;
        forward = describe();
    }

    private convolution_forward.primitive_desc describe() {
        convolution_forward.desc desc = new convolution_forward.desc(
                lowering.preparesKernels() ? dnnl_forward_inference : dnnl_forward_training,
                algorithm,
                source,
                OneDnn.any(shape.dims()),
                bias,
                target,
                STRIDE,
                padding,
                padding);
        return new convolution_forward.primitive_desc(
                desc, Lowering.attributes(), lowering.oneDnn().engine());
    }

    @Override
    public void backward() {
        Buffer dy = lowering.gradient(node.output());
        backwardWeights(dy);
        if (node.x().differentiable) {
            backwardData(dy);
        }
    }

    private void backwardWeights(Buffer dy) {
        convolution_backward_weights.primitive_desc primitiveDesc = new convolution_backward_weights.primitive_desc(
                new convolution_backward_weights.desc(
                        algorithm, source, OneDnn.any(shape.dims()), bias, target, STRIDE, padding, padding),
                Lowering.attributes(),
                lowering.oneDnn().engine(),
                forward);
        OneDnn.requireFast(primitiveDesc.impl_info_str().getString(), "the kernel gradient of " + node.kernel());
        memory.desc kernelDesc = primitiveDesc.diff_weights_desc();
        memory.desc scratchDesc = primitiveDesc.scratchpad_desc();
        Buffer x = lowering.of(node.x());
        Buffer kernel = lowering.allocate("d " + node.kernel(), OneDnn.floats(kernelDesc));
        Buffer biases = lowering.allocate("d " + node.bias(), shape.out().physical());
        Buffer scratch = scratch(scratchDesc);
        lowering.step(
                label("backward weights"),
                Step.Kind.CONVOLUTION,
                flops(),
                List.of(x, dy),
                List.of(kernel, biases, scratch),
                memory -> {
                    IntMemoryMap arguments = memory.own(new IntMemoryMap())
                            .put(DNNL_ARG_SRC, memory.dnnl(x, source))
                            .put(DNNL_ARG_DIFF_DST, memory.dnnl(dy, target))
                            .put(DNNL_ARG_DIFF_WEIGHTS, memory.dnnl(kernel, kernelDesc))
                            .put(DNNL_ARG_DIFF_BIAS, memory.dnnl(biases, bias))
                            .put(DNNL_ARG_SCRATCHPAD, memory.dnnl(scratch, scratchDesc));
                    convolution_backward_weights primitive =
                            memory.own(new convolution_backward_weights(primitiveDesc));
                    return () -> primitive.execute(memory.stream(), arguments);
                });
        unpack(kernel, kernelDesc, biases);
    }

    /** Brings the gradients of kernel and bias into the flat buffer. */
    private void unpack(Buffer kernel, memory.desc kernelDesc, Buffer biases) {
        Buffer staging =
                lowering.allocate("d " + node.kernel() + " staging", shape.isExact() ? 0 : shape.physicalFloats());
        lowering.step(
                "kernel gradient reorder",
                Step.Kind.REORDER,
                0,
                List.of(kernel, biases),
                shape.isExact() ? List.of() : List.of(staging),
                memory -> {
                    memory flat;
                    if (shape.isExact()) {
                        flat = memory.unbound(shape.desc());
                        memory.gradient().follow(node.kernel(), flat);
                    } else {
                        flat = memory.dnnl(staging, shape.desc());
                    }
                    memory packed = memory.dnnl(kernel, kernelDesc);
                    reorder copy = memory.own(new reorder(packed, flat));
                    IntMemoryMap arguments = memory.own(new IntMemoryMap())
                            .put(DNNL_ARG_FROM, packed)
                            .put(DNNL_ARG_TO, flat);
                    Runnable crop = crop(memory, staging, biases);
                    return () -> {
                        copy.execute(memory.stream(), arguments);
                        crop.run();
                    };
                });
    }

    private Runnable crop(ReplicaMemory memory, Buffer staging, Buffer biases) {
        FloatBuffer padded = shape.isExact() ? null : memory.floats(staging);
        FloatBuffer biasGradient = memory.floats(biases);
        int kernelAt = memory.gradient().offset(node.kernel());
        int biasAt = memory.gradient().offset(node.bias());
        int channels = shape.out().logical();
        return () -> {
            FloatBuffer flat = memory.gradient().floats();
            flat.put(biasAt, biasGradient, 0, channels);
            if (padded != null) {
                memory.stream()._wait();
                shape.forEachRow((logical, physical) -> flat.put(kernelAt + logical, padded, physical, channels));
            }
        };
    }

    private void backwardData(Buffer dy) {
        convolution_backward_data.primitive_desc primitiveDesc = new convolution_backward_data.primitive_desc(
                new convolution_backward_data.desc(
                        algorithm, source, OneDnn.any(shape.dims()), target, STRIDE, padding, padding),
                Lowering.attributes(),
                lowering.oneDnn().engine(),
                forward);
        OneDnn.requireFast(primitiveDesc.impl_info_str().getString(), "the input gradient of " + node.kernel());
        memory kernel = lowering.weights().kernel(shape, primitiveDesc.weights_desc());
        memory.desc scratchDesc = primitiveDesc.scratchpad_desc();
        Buffer dx = lowering.allocate("d " + node.x().name, node.x());
        Buffer scratch = scratch(scratchDesc);
        lowering.step(
                label("backward data"), Step.Kind.CONVOLUTION, flops(), List.of(dy), List.of(dx, scratch), memory -> {
                    IntMemoryMap arguments = memory.own(new IntMemoryMap())
                            .put(DNNL_ARG_DIFF_SRC, memory.dnnl(dx, source))
                            .put(DNNL_ARG_WEIGHTS, kernel)
                            .put(DNNL_ARG_DIFF_DST, memory.dnnl(dy, target))
                            .put(DNNL_ARG_SCRATCHPAD, memory.dnnl(scratch, scratchDesc));
                    convolution_backward_data primitive = memory.own(new convolution_backward_data(primitiveDesc));
                    return () -> primitive.execute(memory.stream(), arguments);
                });
        lowering.contribute(node.x(), dx);
    }

    private Buffer scratch(memory.desc desc) {
        return lowering.allocate(node.kernel() + " scratch", OneDnn.floats(desc));
    }

    private long flops() {
        Value y = node.output();
        return 2L
                * lowering.batch()
                * y.pixels()
                * y.channels
                * node.x().channels
                * node.shape().size()
                * node.shape().size();
    }

    private String label(String direction) {
        return "conv" + node.shape().size() + "x" + node.shape().size() + " " + node.x().channels + ">"
                + node.output().channels + " at " + node.output().height + "x" + node.output().width + " " + direction;
    }
}

package org.patchdiffusion.model.engine.compiled.lower;

import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_direct;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_winograd;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_inference;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;

import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.memory;
import org.nd4j.linalg.api.buffer.DataType;
import org.patchdiffusion.model.engine.Accuracy;
import org.patchdiffusion.model.engine.compiled.ir.Conv;
import org.patchdiffusion.model.engine.compiled.ir.UnsupportedGraphException;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.compiled.ir.Window;
import org.patchdiffusion.model.engine.compiled.onednn.KernelShape;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;

/** The descriptors of one convolution: its tensors in blocks, its algorithm, its primitives forward and backward. */
final class ConvPrimitives {
    /** Winograd computes 4×4 outputs at a time, and with less than four of these an image direct convolution is faster. */
    private static final int LEAST_WINOGRAD_SIDE = 8;

    /** In oneDNN 2.5.2 it stores whole tiles of pixels, behind the end of the output where they do not divide the image. */
    private static final String OVERRUNNING = "jit_1x1:avx512_core_amx";

    private final OneDnn oneDnn;
    /** Type of the kernel; its gradient is float32 always. */
    private final memory.data_type type;

    private final Conv node;
    private final KernelShape shape;
    private final memory.desc source;
    private final memory.desc target;
    private final memory.desc bias;
    private final int propagation;
    private int algorithm;
    private convolution_forward.primitive_desc forward;

    private ConvPrimitives(Lowering lowering, Conv node) {
        this.oneDnn = lowering.oneDnn();
        this.node = node;
        Value x = node.x();
        Value y = node.output();
        this.shape = KernelShape.of(node);
        this.type = x.stored() == DataType.BFLOAT16 ? memory.data_type.bf16 : memory.data_type.f32;
        this.source = oneDnn.image(x, lowering.batch());
        this.target = oneDnn.image(y, lowering.batch());
        this.bias = OneDnn.rowMajor(y.map().physical());
        this.propagation = lowering.preparesKernels() ? dnnl_forward_inference : dnnl_forward_training;
    }

    /** Those of a node; forward and backward share them. */
    static ConvPrimitives of(Lowering lowering, Conv node) {
        return lowering.convolutions().computeIfAbsent(node.output().name(), name -> {
            ConvPrimitives primitives = new ConvPrimitives(lowering, node);
            primitives.chooseAlgorithm(lowering);
            String implementation = primitives.forward.impl_info_str().getString();
            OneDnn.requireFast(implementation, "the convolution with " + node.kernel());
            return primitives;
        });
    }

    private void chooseAlgorithm(Lowering lowering) {
        Window window = node.window();
        boolean winograd = lowering.accuracy() == Accuracy.FAST
                && type == memory.data_type.f32
                && oneDnn.hasWinograd()
                && window.kernelHeight() == 3
                && window.kernelWidth() == 3
                && window.hasUnitStride()
                && Math.min(node.output().height(), node.output().width()) >= LEAST_WINOGRAD_SIDE;
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
        Window w = node.window();
        memory.desc kernel = OneDnn.any(type, shape.dims());
        convolution_forward.desc desc = node.bias() == null
                ? new convolution_forward.desc(
                        propagation, algorithm, source, kernel, target, w.strides(), w.gaps(), w.before(), w.after())
                : new convolution_forward.desc(
                        propagation,
                        algorithm,
                        source,
                        kernel,
                        bias,
                        target,
                        w.strides(),
                        w.gaps(),
                        w.before(),
                        w.after());
        convolution_forward.primitive_desc primitive =
                new convolution_forward.primitive_desc(desc, OneDnn.attributes(), oneDnn.engine());
        while (primitive.impl_info_str().getString().startsWith(OVERRUNNING)) {
            if (!primitive.next_impl()) {
                throw new UnsupportedGraphException("oneDNN has no safe implementation for " + node.kernel());
            }
        }
        return primitive;
    }

    KernelShape shape() {
        return shape;
    }

    memory.desc source() {
        return source;
    }

    memory.desc target() {
        return target;
    }

    memory.desc bias() {
        return bias;
    }

    convolution_forward.primitive_desc forward() {
        return forward;
    }

    convolution_backward_data.primitive_desc inputGradient() {
        Window w = node.window();
        convolution_backward_data.primitive_desc primitive = new convolution_backward_data.primitive_desc(
                new convolution_backward_data.desc(
                        algorithm,
                        source,
                        OneDnn.any(type, shape.dims()),
                        target,
                        w.strides(),
                        w.gaps(),
                        w.before(),
                        w.after()),
                OneDnn.attributes(),
                oneDnn.engine(),
                forward);
        OneDnn.requireFast(primitive.impl_info_str().getString(), "the input gradient of " + node.kernel());
        return primitive;
    }

    convolution_backward_weights.primitive_desc kernelGradient() {
        Window w = node.window();
        memory.desc kernel = OneDnn.any(memory.data_type.f32, shape.dims());
        convolution_backward_weights.desc desc = node.bias() == null
                ? new convolution_backward_weights.desc(
                        algorithm, source, kernel, target, w.strides(), w.gaps(), w.before(), w.after())
                : new convolution_backward_weights.desc(
                        algorithm, source, kernel, bias, target, w.strides(), w.gaps(), w.before(), w.after());
        convolution_backward_weights.primitive_desc primitive =
                new convolution_backward_weights.primitive_desc(desc, OneDnn.attributes(), oneDnn.engine(), forward);
        OneDnn.requireFast(primitive.impl_info_str().getString(), "the kernel gradient of " + node.kernel());
        return primitive;
    }

    /** Multiplications and additions of one pass. */
    long flops(Lowering lowering) {
        Value y = node.output();
        return 2L
                * lowering.batch()
                * y.pixels()
                * y.channels()
                * node.x().channels()
                * node.window().taps();
    }

    String label(String direction) {
        Value y = node.output();
        return "conv" + node.window() + " " + node.x().channels() + ">" + y.channels() + " at " + y.height() + "x"
                + y.width() + " " + direction;
    }
}

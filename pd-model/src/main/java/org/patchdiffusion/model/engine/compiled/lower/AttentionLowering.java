package org.patchdiffusion.model.engine.compiled.lower;

import java.util.List;
import org.bytedeco.dnnl.memory;
import org.patchdiffusion.model.engine.compiled.ir.Attention;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.compiled.kernel.Floats;
import org.patchdiffusion.model.engine.compiled.kernel.Loops;
import org.patchdiffusion.model.engine.compiled.lower.Matmul.Operand;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.Step;

/**
 * Self-attention on plain tensors. q, k and v are matrices {@code [batch·heads, channels of a head, pixels]}: three tensors,
 * or strided views of one {@code [batch·heads, channels of a head, q|k|v, pixels]}, never copied.
 */
final class AttentionLowering {
    private final Lowering lowering;
    private final Attention node;
    private final long heads;
    private final long channels;
    private final long pixels;
    private final float factor;
    private final memory.desc scores;
    private final memory.desc dense;

    private AttentionLowering(Lowering lowering, Attention node) {
        this.lowering = lowering;
        this.node = node;
        this.heads = (long) lowering.batch() * node.heads();
        this.channels = node.output().channels() / node.heads();
        this.pixels = node.output().pixels();
        this.factor = (float) (1 / Math.sqrt(channels));
        this.scores = OneDnn.rowMajor(heads, pixels, pixels);
        this.dense = OneDnn.rowMajor(heads, channels, pixels);
    }

    static void forward(Lowering lowering, Attention node) {
        if (node.output().layout() == Value.Layout.CHANNELS_LAST) {
            BfloatAttention attention = new BfloatAttention(lowering, node);
            lowering.attentions().put(node.output().name(), attention);
            attention.forward();
            return;
        }
        new AttentionLowering(lowering, node).forward();
    }

    static void gradient(Lowering lowering, Attention.Gradient node) {
        BfloatAttention attention =
                lowering.attentions().get(node.attention().output().name());
        if (attention != null) {
            attention.gradient(node);
            return;
        }
        new AttentionLowering(lowering, node.attention()).gradient(node);
    }

    /** q (0), k (1) or v (2) among the buffers of the sources, or of their gradients. */
    private Operand part(List<Buffer> buffers, int index) {
        if (buffers.size() == 3) {
            return Operand.of(buffers.get(index), 0, dense);
        }
        long[] strides = {3 * channels * pixels, 3 * pixels, 1};
        memory.desc desc = OneDnn.strided(new long[] {heads, channels, pixels}, strides);
        return Operand.of(buffers.get(0), index * pixels, desc);
    }

    /** The same with pixels before channels. */
    private Operand partTransposed(List<Buffer> buffers, int index) {
        long[] dims = {heads, pixels, channels};
        if (buffers.size() == 3) {
            return Operand.of(buffers.get(index), 0, OneDnn.strided(dims, new long[] {channels * pixels, 1, pixels}));
        }
        memory.desc desc = OneDnn.strided(dims, new long[] {3 * channels * pixels, 1, 3 * pixels});
        return Operand.of(buffers.get(0), index * pixels, desc);
    }

    private memory.desc scoresTransposed() {
        return OneDnn.strided(new long[] {heads, pixels, pixels}, new long[] {pixels * pixels, 1, pixels});
    }

    private List<Buffer> buffers(List<Value> values) {
        return values.stream().map(lowering::of).toList();
    }

    private void forward() {
        List<Buffer> sources = buffers(node.sources());
        Buffer weights = lowering.allocate(node.output().name() + " weights", heads * pixels * pixels);
        lowering.attentionWeights().put(node.output().name(), weights);
        multiply(partTransposed(sources, 0), part(sources, 1), Operand.of(weights, 0, scores), factor);
        Softmax.forward(lowering, node.output().name(), scores, weights);
        Operand output = Operand.of(lowering.define(node.output()), 0, dense);
        multiply(part(sources, 2), Operand.of(weights, 0, scoresTransposed()), output, 1f);
    }

    private void gradient(Attention.Gradient gradient) {
        List<Buffer> sources = buffers(node.sources());
        List<Buffer> targets = gradient.outputs().stream().map(lowering::define).toList();
        Buffer weights = lowering.attentionWeights().get(node.output().name());
        Buffer dy = lowering.of(gradient.dy());
        Buffer scoreGradient = lowering.allocate("d " + node.output().name() + " weights", heads * pixels * pixels);
        multiply(Operand.of(dy, 0, dense), Operand.of(weights, 0, scores), part(targets, 2), 1f);
        multiply(partTransposed(List.of(dy, dy, dy), 0), part(sources, 2), Operand.of(scoreGradient, 0, scores), 1f);
        softmaxBackward(weights, scoreGradient);
        multiply(part(sources, 1), Operand.of(scoreGradient, 0, scoresTransposed()), part(targets, 0), factor);
        multiply(part(sources, 0), Operand.of(scoreGradient, 0, scores), part(targets, 1), factor);
    }

    /** Row by row, in Java: oneDNN has only a reference implementation of it without AVX-512. */
    private void softmaxBackward(Buffer weights, Buffer gradient) {
        int length = Math.toIntExact(pixels);
        lowering.step(
                "softmax backward", Step.Kind.POINTWISE, 0, List.of(weights, gradient), List.of(gradient), memory -> {
                    Floats softmax = memory.floats(weights);
                    Floats scoreGradients = memory.floats(gradient);
                    float[] w = new float[length];
                    float[] g = new float[length];
                    float[] product = new float[length];
                    return () -> {
                        for (long row = 0; row < heads * pixels; row++) {
                            softmax.get(row * length, w, 0, length);
                            scoreGradients.get(row * length, g, 0, length);
                            Loops.multiply(w, g, product, length);
                            Loops.shiftedProduct(g, -lowering.tiles().sum(product, length), w, g, length);
                            scoreGradients.put(row * length, g, 0, length);
                        }
                    };
                });
    }

    private void multiply(Operand left, Operand right, Operand target, float scale) {
        Matmul.of("attention product", left, right, target)
                .times(scale)
                .flops(2 * heads * pixels * pixels * channels)
                .addTo(lowering);
    }
}

package org.patchdiffusion.model.engine.compiled;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;

import java.nio.FloatBuffer;
import java.util.List;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.softmax_forward;
import org.patchdiffusion.model.engine.compiled.Matmul.Operand;

/**
 * Self-attention on a plain tensor {@code [batch·heads, channels of a head, q|k|v, pixels]}; q, k and v are strided
 * views of it, never copied.
 */
final class AttentionLowering implements NodeLowering {
    private final Lowering lowering;
    private final Node.Attention node;
    private final long heads;
    private final long channels;
    private final long pixels;
    private final float factor;
    private final memory.desc scores;
    private final memory.desc strided;
    private final memory.desc dense;
    private Buffer weights;

    AttentionLowering(Lowering lowering, Node.Attention node) {
        this.lowering = lowering;
        this.node = node;
        this.heads = (long) lowering.batch() * node.heads();
        this.channels = node.output().channels / node.heads();
        this.pixels = node.output().pixels();
        this.factor = (float) (1 / Math.sqrt(channels));
        this.scores = OneDnn.rowMajor(heads, pixels, pixels);
        this.strided =
                OneDnn.strided(new long[] {heads, channels, pixels}, new long[] {3 * channels * pixels, 3 * pixels, 1});
        this.dense = OneDnn.rowMajor(heads, channels, pixels);
    }

    private Operand part(Buffer qkv, int index) {
        return Operand.of(qkv, index * pixels, strided);
    }

    private memory.desc scoresTransposed() {
        return OneDnn.strided(new long[] {heads, pixels, pixels}, new long[] {pixels * pixels, 1, pixels});
    }

    @Override
    public void forward() {
        Buffer qkv = lowering.of(node.qkv());
        weights = lowering.allocate(node.output().name + " weights", heads * pixels * pixels);
        Operand query = Operand.of(qkv, 0, OneDnn.strided(new long[] {heads, pixels, channels}, new long[] {
            3 * channels * pixels, 1, 3 * pixels
        }));
        multiply(query, part(qkv, 1), Operand.of(weights, 0, scores), factor);
        softmax();
        Operand output = Operand.of(lowering.define(node.output()), 0, dense);
        multiply(part(qkv, 2), Operand.of(weights, 0, scoresTransposed()), output, 1f);
    }

    private void softmax() {
        softmax_forward.primitive_desc softmax = new softmax_forward.primitive_desc(
                new softmax_forward.desc(dnnl_forward_training, scores, 2),
                Lowering.attributes(),
                lowering.oneDnn().engine());
        OneDnn.requireFast(softmax.impl_info_str().getString(), "the softmax of " + node.output().name);
        memory.desc scratchDesc = softmax.scratchpad_desc();
        Buffer scratch = lowering.allocate("softmax scratch", OneDnn.floats(scratchDesc));
        lowering.step(
                "softmax forward", Step.Kind.POINTWISE, 0, List.of(weights), List.of(weights, scratch), memory -> {
                    IntMemoryMap arguments = memory.own(new IntMemoryMap())
                            .put(DNNL_ARG_SRC, memory.dnnl(weights, scores))
                            .put(DNNL_ARG_DST, memory.dnnl(weights, scores))
                            .put(DNNL_ARG_SCRATCHPAD, memory.dnnl(scratch, scratchDesc));
                    softmax_forward primitive = memory.own(new softmax_forward(softmax));
                    return () -> primitive.execute(memory.stream(), arguments);
                });
    }

    @Override
    public void backward() {
        Buffer qkv = lowering.of(node.qkv());
        Buffer gradient = lowering.gradient(node.output());
        Buffer target = lowering.allocate("d " + node.qkv().name, node.qkv());
        Buffer scoreGradient = lowering.allocate("d " + node.output().name + " weights", heads * pixels * pixels);
        multiply(Operand.of(gradient, 0, dense), Operand.of(weights, 0, scores), part(target, 2), 1f);
        Operand transposed = Operand.of(gradient, 0, OneDnn.strided(new long[] {heads, pixels, channels}, new long[] {
            channels * pixels, 1, pixels
        }));
        multiply(transposed, part(qkv, 2), Operand.of(scoreGradient, 0, scores), 1f);
        softmaxBackward(scoreGradient);
        multiply(part(qkv, 1), Operand.of(scoreGradient, 0, scoresTransposed()), part(target, 0), factor);
        multiply(part(qkv, 0), Operand.of(scoreGradient, 0, scores), part(target, 1), factor);
        lowering.contribute(node.qkv(), target);
    }

    /** Row by row, in Java: oneDNN has only a reference implementation of it without AVX-512. */
    private void softmaxBackward(Buffer gradient) {
        int length = Math.toIntExact(pixels);
        lowering.step(
                "softmax backward", Step.Kind.POINTWISE, 0, List.of(weights, gradient), List.of(gradient), memory -> {
                    FloatBuffer softmax = memory.floats(weights);
                    FloatBuffer scores = memory.floats(gradient);
                    float[] w = new float[length];
                    float[] g = new float[length];
                    float[] product = new float[length];
                    return () -> {
                        for (int row = 0; row < heads * pixels; row++) {
                            softmax.get(row * length, w, 0, length);
                            scores.get(row * length, g, 0, length);
                            Loops.multiply(w, g, product, length);
                            Loops.shiftedProduct(g, -lowering.tiles().sum(product, length), w, g, length);
                            scores.put(row * length, g, 0, length);
                        }
                    };
                });
    }

    private void multiply(Operand left, Operand right, Operand target, float scale) {
        Matmul.add(
                lowering,
                "attention product",
                left,
                right,
                null,
                target,
                scale,
                2 * heads * pixels * pixels * channels);
    }
}

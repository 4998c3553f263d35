package org.patchdiffusion.model.engine.compiled.lower;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.softmax_backward;
import org.bytedeco.dnnl.softmax_forward;
import org.nd4j.linalg.api.buffer.DataType;
import org.patchdiffusion.model.engine.compiled.ir.Attention;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.compiled.lower.Matmul.Operand;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.Step;

/**
 * Self-attention on tensors with their channels last, products in bfloat16 and softmax in float32. Only matrices without gaps
 * take AMX, so q, k and v are copied apart, each as {@code [batch·heads, pixels, channels of a head]}.
 */
final class BfloatAttention {
    private static final memory.data_type HALF = memory.data_type.bf16;

    private final Lowering lowering;
    private final Attention node;
    private final long batch;
    private final long heads;
    private final long channels;
    private final long pixels;
    private final float factor;
    private final memory.desc scores;
    /** q, k and v, kept for the backward pass. */
    private List<Operand> matrices;

    private Buffer weights;

    BfloatAttention(Lowering lowering, Attention node) {
        this.lowering = lowering;
        this.node = node;
        this.batch = lowering.batch();
        this.heads = node.heads();
        this.channels = node.output().channels() / heads;
        this.pixels = node.output().pixels();
        this.factor = (float) (1 / Math.sqrt(channels));
        this.scores = OneDnn.rowMajor(batch * heads, pixels, pixels);
    }

    void forward() {
        matrices = apart(node.sources());
        Buffer inFloats = lowering.allocate(node.output().name() + " scores", scoreCount());
        multiply(matrices.get(0), transposed(matrices.get(1)), Operand.of(inFloats, 0, scores), factor);
        Softmax.forward(lowering, node.output().name(), scores, inFloats);
        weights = halves(node.output().name() + " weights", scoreCount());
        convert(inFloats, weights);
        Buffer y = lowering.define(node.output());
        Buffer headed = heads == 1 ? y : halves(node.output().name() + " of heads", node.output());
        multiply(weights(), matrices.get(2), matrix(headed, 0), 1f);
        if (headed != y) {
            reorder(headed, headsFirst(1), y, headsInPixels(1));
        }
    }

    void gradient(Attention.Gradient gradient) {
        Operand dy = apart(List.of(gradient.dy())).get(0);
        List<Buffer> targets = gradient.outputs().stream().map(lowering::define).toList();
        List<Operand> results = new ArrayList<>();
        List<Runnable> joins = new ArrayList<>();
        together(gradient.outputs(), targets, results, joins);
        multiply(transposedWeights(weights), dy, results.get(2), 1f);
        Buffer inFloats = lowering.allocate("d " + node.output().name() + " scores", scoreCount());
        multiply(dy, transposed(matrices.get(2)), Operand.of(inFloats, 0, scores), 1f);
        softmaxBackward(inFloats);
        Buffer dScores = halves("d " + node.output().name() + " weights", scoreCount());
        convert(inFloats, dScores);
        multiply(Operand.of(dScores, 0, scoresInHalf(false)), matrices.get(1), results.get(0), factor);
        multiply(transposedWeights(dScores), matrices.get(0), results.get(1), factor);
        joins.forEach(Runnable::run);
    }

    private long scoreCount() {
        return batch * heads * pixels * pixels;
    }

    private long matrixCount() {
        return batch * heads * pixels * channels;
    }

    private Buffer halves(String name, Value like) {
        return halves(name, batch * like.physicalElements());
    }

    private Buffer halves(String name, long count) {
        return Buffer.inArena(name, count * DataType.BFLOAT16.width(), DataType.BFLOAT16);
    }

    /** The matrices that tensors hold, one or three each. */
    private List<Operand> apart(List<Value> values) {
        List<Operand> found = new ArrayList<>();
        for (Value value : values) {
            int parts = (int) (value.channels() / (heads * channels));
            Buffer buffer = lowering.of(value);
            Buffer separate = buffer;
            if (parts * heads > 1) {
                separate = halves(value.name() + " of heads", value);
                reorder(buffer, headsInPixels(parts), separate, headsFirst(parts));
            }
            for (int part = 0; part < parts; part++) {
                found.add(matrix(separate, part * matrixCount()));
            }
        }
        return found;
    }

    /** The reverse: matrices to write, and what brings them into the tensors afterwards. */
    private void together(List<Value> values, List<Buffer> targets, List<Operand> matrixes, List<Runnable> joins) {
        for (int i = 0; i < values.size(); i++) {
            int parts = (int) (values.get(i).channels() / (heads * channels));
            Buffer target = targets.get(i);
            Buffer separate = parts * heads > 1 ? halves(target.name() + " of heads", values.get(i)) : target;
            for (int part = 0; part < parts; part++) {
                matrixes.add(matrix(separate, part * matrixCount()));
            }
            if (separate != target) {
                joins.add(() -> reorder(separate, headsFirst(parts), target, headsInPixels(parts)));
            }
        }
    }

    private Operand matrix(Buffer buffer, long start) {
        long[] dims = {batch * heads, pixels, channels};
        return Operand.of(buffer, start, OneDnn.strided(HALF, dims, new long[] {pixels * channels, channels, 1}));
    }

    private Operand transposed(Operand matrix) {
        long[] dims = {batch * heads, channels, pixels};
        return matrix.as(OneDnn.strided(HALF, dims, new long[] {pixels * channels, 1, channels}));
    }

    private Operand weights() {
        return Operand.of(weights, 0, scoresInHalf(false));
    }

    private Operand transposedWeights(Buffer buffer) {
        return Operand.of(buffer, 0, scoresInHalf(true));
    }

    private memory.desc scoresInHalf(boolean transposed) {
        long[] strides = transposed ? new long[] {pixels * pixels, 1, pixels} : new long[] {pixels * pixels, pixels, 1};
        return OneDnn.strided(HALF, new long[] {batch * heads, pixels, pixels}, strides);
    }

    private long[] axes(int parts) {
        return new long[] {batch, pixels, heads, channels, parts};
    }

    /** A pixel's channels ordered as (head, channel, part). */
    private memory.desc headsInPixels(int parts) {
        long width = parts * heads * channels;
        return OneDnn.strided(HALF, axes(parts), new long[] {pixels * width, width, parts * channels, parts, 1});
    }

    /** Matrices, one part behind the other. */
    private memory.desc headsFirst(int parts) {
        long matrix = pixels * channels;
        return OneDnn.strided(
                HALF, axes(parts), new long[] {heads * matrix, channels, matrix, 1, batch * heads * matrix});
    }

    private void convert(Buffer from, Buffer to) {
        reorder(from, OneDnn.row(memory.data_type.f32, scoreCount()), to, OneDnn.row(HALF, scoreCount()));
    }

    private void reorder(Buffer from, memory.desc source, Buffer to, memory.desc target) {
        lowering.step("attention layout", Step.Kind.REORDER, 0, List.of(from), List.of(to), memory -> {
            memory in = memory.dnnl(from, source);
            memory out = memory.dnnl(to, target);
            return memory.reorder(in, out);
        });
    }

    /** In place; the weights come back to float32 for it. */
    private void softmaxBackward(Buffer inFloats) {
        softmax_forward.primitive_desc forward =
                Softmax.describe(lowering, node.output().name(), scores);
        softmax_backward.primitive_desc softmax = new softmax_backward.primitive_desc(
                new softmax_backward.desc(scores, scores, 2),
                OneDnn.attributes(),
                lowering.oneDnn().engine(),
                forward);
        OneDnn.requireFast(
                softmax.impl_info_str().getString(),
                "the gradient of the softmax of " + node.output().name());
        Buffer wide = lowering.allocate(weights.name() + " as float32", scoreCount());
        reorder(weights, OneDnn.row(HALF, scoreCount()), wide, OneDnn.row(memory.data_type.f32, scoreCount()));
        memory.desc scratchDesc = softmax.scratchpad_desc();
        Buffer scratch = lowering.scratch(scratchDesc);
        List<Buffer> reads = List.of(wide, inFloats);
        lowering.step("softmax backward", Step.Kind.POINTWISE, 0, reads, List.of(inFloats, scratch), memory -> {
            IntMemoryMap arguments = memory.own(new IntMemoryMap())
                    .put(DNNL_ARG_DST, memory.dnnl(wide, scores))
                    .put(DNNL_ARG_DIFF_DST, memory.dnnl(inFloats, scores))
                    .put(DNNL_ARG_DIFF_SRC, memory.dnnl(inFloats, scores))
                    .put(DNNL_ARG_SCRATCHPAD, memory.dnnl(scratch, scratchDesc));
            // It must live as long as the backward primitive.
            memory.own(forward);
            softmax_backward primitive = memory.own(new softmax_backward(softmax));
            return () -> primitive.execute(memory.stream(), arguments);
        });
    }

    private void multiply(Operand left, Operand right, Operand target, float scale) {
        Matmul.of("attention product", left, right, target)
                .times(scale)
                .flops(2 * scoreCount() * channels)
                .addTo(lowering);
    }
}

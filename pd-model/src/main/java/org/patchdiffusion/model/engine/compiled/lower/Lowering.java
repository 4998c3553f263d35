package org.patchdiffusion.model.engine.compiled.lower;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntConsumer;
import org.bytedeco.dnnl.memory;
import org.patchdiffusion.model.engine.Accuracy;
import org.patchdiffusion.model.engine.compiled.ir.Node;
import org.patchdiffusion.model.engine.compiled.ir.Norm;
import org.patchdiffusion.model.engine.compiled.ir.Part;
import org.patchdiffusion.model.engine.compiled.ir.TypedGraph;
import org.patchdiffusion.model.engine.compiled.ir.UnsupportedGraphException;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.compiled.kernel.Numbers;
import org.patchdiffusion.model.engine.compiled.kernel.Tiles;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.PackedWeights;
import org.patchdiffusion.model.engine.compiled.run.Replica;
import org.patchdiffusion.model.engine.compiled.run.Schedule;
import org.patchdiffusion.model.engine.compiled.run.Step;

/**
 * Stage "lower": turns the nodes of a graph, one after the other, into the steps of one replica. What nodes of a kind become
 * stands in {@link Lowerings}.
 */
public final class Lowering {
    /** Parameters; Winograd's domain would take 256 MiB from here on. */
    private static final long LARGE_MODEL = 16L << 20;

    private final OneDnn oneDnn;
    private final Accuracy accuracy;
    private final PackedWeights weights;
    private final Replica.Share share;
    private final boolean training;
    private final Set<Value> shared;
    private final Schedule schedule = new Schedule();
    private final Map<Value, Buffer> buffers = new HashMap<>();
    private final Map<String, ConvPrimitives> convolutions = new HashMap<>();
    private final Map<String, Buffer> attentionWeights = new HashMap<>();
    private final Map<String, BfloatAttention> attentions = new HashMap<>();
    private final Tiles tiles;

    private Lowering(
            OneDnn oneDnn,
            Accuracy accuracy,
            PackedWeights weights,
            Replica.Share share,
            boolean training,
            Set<Value> shared,
            Tiles tiles) {
        this.oneDnn = oneDnn;
        this.accuracy = accuracy;
        this.weights = weights;
        this.share = share;
        this.training = training;
        this.shared = shared;
        this.tiles = tiles;
    }

    /**
     * Lowers a graph for a share of the batch.
     *
     * @param shared tensors that lie in arrays of the whole batch: feeds, outputs, and what parts of ND4J operations read
     *     and make
     * @throws UnsupportedGraphException if a node has no fast form here, naming its variable
     */
    public static Lowering of(
            TypedGraph graph,
            OneDnn oneDnn,
            Accuracy accuracy,
            PackedWeights weights,
            Replica.Share share,
            Set<Value> shared) {
        Lowering lowering = new Lowering(oneDnn, accuracy, weights, share, graph.loss() != null, shared, tiles(graph));
        List<Node> nodes = graph.nodes();
        for (int i = 0; i <= nodes.size(); i++) {
            if (i == graph.forward()) {
                lowering.schedule.endForward();
            }
            if (i < nodes.size()) {
                lowering.lower(nodes.get(i));
            }
        }
        return lowering;
    }

    private static Tiles tiles(TypedGraph graph) {
        int channels = 0;
        for (Node node : graph.nodes()) {
            for (Value value : node.outputs()) {
                if (value.layout() == Value.Layout.CHANNELS_LAST) {
                    channels = Math.max(channels, value.map().physical());
                }
            }
        }
        return channels == 0 ? new Tiles() : Tiles.ofWholePixels(channels);
    }

    private void lower(Node node) {
        if (node instanceof Part || node instanceof Part.Gradient) {
            schedule.barrier();
            node.outputs().stream().filter(Value::isSplit).forEach(this::define);
            return;
        }
        try {
            Lowerings.lower(this, node);
        } catch (UnsupportedGraphException e) {
            throw e.variable() != null ? e : new UnsupportedGraphException(node.origin(), e.getMessage());
        }
    }

    public Schedule schedule() {
        return schedule;
    }

    /** Buffer of each tensor. */
    public Map<Value, Buffer> buffers() {
        return buffers;
    }

    OneDnn oneDnn() {
        return oneDnn;
    }

    Accuracy accuracy() {
        return accuracy;
    }

    PackedWeights weights() {
        return weights;
    }

    /** Images in this replica's share of the batch. */
    int batch() {
        return share.count();
    }

    /** Index of the share's first image in the batch. */
    int firstImage() {
        return share.first();
    }

    boolean training() {
        return training;
    }

    /**
     * Whether kernels are kept in Winograd's domain, ready for many forward runs. They take four times the memory
     * there, so large models go without, and backward steps need the plain form.
     */
    boolean preparesKernels() {
        return !training && weights.parameterCount() <= LARGE_MODEL;
    }

    /** The replica's working arrays; steps run one after the other, so they share them. */
    Tiles tiles() {
        return tiles;
    }

    /** What a convolution's primitives have in common, forward and backward, by the name of its output. */
    Map<String, ConvPrimitives> convolutions() {
        return convolutions;
    }

    /** Softmax weights that the backward pass of an attention reads again, by the name of its output. */
    Map<String, Buffer> attentionWeights() {
        return attentionWeights;
    }

    /** What the two passes of an attention in bfloat16 have in common, by the name of its output. */
    Map<String, BfloatAttention> attentions() {
        return attentions;
    }

    /** Fresh arena memory. */
    Buffer allocate(String name, long floats) {
        return Buffer.inArena(name, Math.multiplyExact(floats, Float.BYTES));
    }

    /** Scratch memory of a primitive. */
    Buffer scratch(memory.desc desc) {
        return Buffer.inArena("scratch", desc.get_size());
    }

    /** Memory for a tensor that a node is about to compute. */
    Buffer define(Value value) {
        long bytes = Math.multiplyExact(batch(), value.bytesPerImage());
        return define(
                value,
                shared.contains(value)
                        ? Buffer.outside(value.name(), bytes)
                        : Buffer.inArena(value.name(), bytes, value.stored()));
    }

    /** Memory for the statistics of a group norm: some rows of the channels of {@code x} for each image. */
    Buffer defineStatistics(Value statistics, Value x) {
        return define(
                statistics,
                allocate(statistics.name(), (long) batch() * Norm.ROWS * x.map().physical()));
    }

    /** Says where a tensor lies. */
    Buffer define(Value value, Buffer buffer) {
        if (buffers.putIfAbsent(value, buffer) != null) {
            throw new IllegalStateException(value + " is computed twice");
        }
        return buffer;
    }

    boolean isShared(Value value) {
        return shared.contains(value);
    }

    Buffer of(Value value) {
        Buffer buffer = buffers.get(value);
        if (buffer == null) {
            throw new IllegalStateException(value + " is read before it is computed");
        }
        return buffer;
    }

    /** A step that maps one or two buffers to one of the same size, tile by tile: x and y hold them, x the result. */
    void pointwise(String label, List<Buffer> in, Buffer out, IntConsumer work) {
        step(label, Step.Kind.POINTWISE, 0, in, List.of(out), memory -> {
            Numbers x = memory.numbers(in.get(0));
            Numbers y = in.size() > 1 ? memory.numbers(in.get(1)) : null;
            Numbers target = memory.numbers(out);
            long total = out.count();
            return () -> {
                for (long i = 0; i < total; i += Tiles.SIZE) {
                    int n = (int) Math.min(Tiles.SIZE, total - i);
                    x.get(i, tiles.x, 0, n);
                    if (y != null) {
                        y.get(i, tiles.y, 0, n);
                    }
                    work.accept(n);
                    target.put(i, tiles.x, 0, n);
                }
            };
        });
    }

    void step(String label, Step.Kind kind, long flops, List<Buffer> reads, List<Buffer> writes, Step.Binder binder) {
        schedule.add(new Step(label, kind, flops, reads, writes, binder));
    }
}

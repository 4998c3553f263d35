package org.patchdiffusion.model.engine.compiled;

import static org.bytedeco.dnnl.global.dnnl.dnnl_scratchpad_mode_user;

import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleConsumer;
import org.bytedeco.dnnl.primitive_attr;

/** Builds the schedule of one replica: the buffer and the gradient of every tensor, node by node. */
final class Lowering {
    /** Parameters; Winograd's domain would take 256 MiB from here on. */
    private static final long LARGE_MODEL = 16L << 20;

    private final OneDnn oneDnn;
    private final Accuracy accuracy;
    private final PackedWeights weights;
    private final int batch;
    private final boolean training;
    private final Schedule schedule = new Schedule();
    private final Map<Value, Buffer> buffers = new HashMap<>();
    private final Map<Value, Buffer> gradients = new HashMap<>();
    private final Map<Buffer, DoubleConsumer> scalings = new HashMap<>();
    private final Tiles tiles;

    Lowering(OneDnn oneDnn, Accuracy accuracy, PackedWeights weights, int batch, boolean training) {
        this.oneDnn = oneDnn;
        this.accuracy = accuracy;
        this.weights = weights;
        this.batch = batch;
        this.training = training;
        this.tiles = new Tiles(oneDnn.lanes());
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
        return batch;
    }

    /**
     * Whether kernels are kept in Winograd's domain, ready for many forward runs. They take four times the memory
     * there, so large models go without, and backward steps need the plain form.
     */
    boolean preparesKernels() {
        return !training && weights.parameterCount() <= LARGE_MODEL;
    }

    Schedule schedule() {
        return schedule;
    }

    /** The replica's working arrays; steps run one after the other, so they share them. */
    Tiles tiles() {
        return tiles;
    }

    /** Fresh arena memory for a tensor, or for its gradient. */
    Buffer allocate(String name, Value shape) {
        return allocate(name, (long) batch * shape.floatsPerImage());
    }

    Buffer allocate(String name, long floats) {
        return Buffer.inArena(name, floats);
    }

    /** Says where a tensor lies. */
    Buffer define(Value value, Buffer buffer) {
        if (buffers.putIfAbsent(value, buffer) != null) {
            throw new IllegalStateException(value + " is computed twice");
        }
        return buffer;
    }

    /** Arena memory for a tensor that a node is about to compute; an output of the program already has its place. */
    Buffer define(Value value) {
        Buffer bound = buffers.get(value);
        return bound != null ? bound : define(value, allocate(value.name, value));
    }

    Buffer of(Value value) {
        Buffer buffer = buffers.get(value);
        if (buffer == null) {
            throw new IllegalStateException(value + " is read before it is computed");
        }
        return buffer;
    }

    /** The gradient of a tensor so far, or null. Gradient buffers are never overwritten: sums go to new ones. */
    Buffer gradient(Value value) {
        return gradients.get(value);
    }

    /** Sets the gradient to a buffer that already includes what {@link #gradient} held. */
    void replaceGradient(Value value, Buffer sum) {
        gradients.put(value, sum);
    }

    /** Says that the step which writes a gradient buffer can multiply it by a factor at no cost. */
    void offerScaling(Buffer gradient, DoubleConsumer scaling) {
        scalings.put(gradient, scaling);
    }

    /**
     * Has a gradient buffer written scaled, if its step offered that. Only for the node that alone reads it.
     *
     * @return whether the buffer will hold the scaled gradient
     */
    boolean scaleAtTheSource(Buffer gradient, float factor) {
        DoubleConsumer scaling = scalings.remove(gradient);
        if (scaling != null) {
            scaling.accept(factor);
        }
        return scaling != null;
    }

    /** Adds a contribution to the gradient of a tensor. */
    void contribute(Value value, Buffer contribution) {
        Buffer old = gradients.get(value);
        if (old == null) {
            gradients.put(value, contribution);
            return;
        }
        Buffer sum = allocate("d " + value.name, value);
        pointwise("gradient sum", List.of(old, contribution), sum, (t, n) -> Loops.add(t.x, t.y, t.x, n));
        gradients.put(value, sum);
    }

    /** Work on one tile: arguments are in {@code x} and {@code y}; the result is left in {@code x}. */
    @FunctionalInterface
    interface TileWork {
        void apply(Tiles tiles, int n);
    }

    /** A step that maps one or two buffers to one of the same size, element by element. */
    void pointwise(String label, List<Buffer> in, Buffer out, TileWork work) {
        step(label, Step.Kind.POINTWISE, 0, in, List.of(out), memory -> {
            FloatBuffer x = memory.floats(in.get(0));
            FloatBuffer y = in.size() > 1 ? memory.floats(in.get(1)) : null;
            FloatBuffer target = memory.floats(out);
            int total = Math.toIntExact(out.floats);
            return () -> {
                for (int i = 0; i < total; i += Tiles.SIZE) {
                    int n = Math.min(Tiles.SIZE, total - i);
                    x.get(i, tiles.x, 0, n);
                    if (y != null) {
                        y.get(i, tiles.y, 0, n);
                    }
                    work.apply(tiles, n);
                    target.put(i, tiles.x, 0, n);
                }
            };
        });
    }

    void step(String label, Step.Kind kind, long flops, List<Buffer> reads, List<Buffer> writes, Step.Binder binder) {
        schedule.add(new Step(label, kind, flops, reads, writes, binder));
    }

    /** Attributes under which primitives use scratch memory from the arena. */
    static primitive_attr attributes() {
        primitive_attr attributes = new primitive_attr();
        attributes.set_scratchpad_mode(dnnl_scratchpad_mode_user);
        return attributes;
    }
}

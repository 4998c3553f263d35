package org.patchdiffusion.model.engine.compiled;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One share of the batch, compiled: its own memory and steps, run by one thread. */
final class Replica implements AutoCloseable {

    private record Bound(Step step, Runnable work) {}

    private final Share share;
    private final ReplicaMemory memory;
    private final GradientMemory gradient;
    private final List<Bound> steps = new ArrayList<>();
    private final int forwardSteps;
    private final Buffer loss;
    private final Set<String> trained;
    private Profile profile;

    private Replica(
            Share share,
            ReplicaMemory memory,
            GradientMemory gradient,
            Schedule schedule,
            Buffer loss,
            Set<String> trained) {
        this.share = share;
        this.memory = memory;
        this.gradient = gradient;
        this.forwardSteps = schedule.forwardSteps();
        this.loss = loss;
        this.trained = trained;
        for (Step step : schedule.steps()) {
            steps.add(new Bound(step, step.binder().bind(memory)));
        }
    }

    /** Which images of the batch a replica computes. */
    record Share(int first, int count) {}

    /**
     * Compiles a graph for a share. Runs on the replica's own thread.
     *
     * @param arrays full-batch arrays of the feeds and outputs, by variable name
     */
    static Replica compile(
            OneDnn oneDnn,
            Accuracy accuracy,
            TypedGraph graph,
            Share share,
            PackedWeights weights,
            FlatMemory parameters,
            Map<String, INDArray> arrays) {
        Lowering lowering = new Lowering(oneDnn, accuracy, weights, share.count(), graph.loss() != null);
        Map<Buffer, FloatPointer> outside = new HashMap<>();
        graph.outputs().forEach((name, value) -> {
            if (value.kind != Value.Kind.SCALAR) {
                outside.put(bind(lowering, value, share), place(arrays.get(name), value, share));
            }
        });
        List<NodeLowering> lowered = new ArrayList<>();
        for (Node node : graph.nodes()) {
            if (node instanceof Node.Feed feed) {
                Value value = feed.output();
                outside.put(bind(lowering, value, share), place(arrays.get(value.name), value, share));
            } else {
                NodeLowering step = lower(lowering, node);
                step.forward();
                lowered.add(step);
            }
        }
        Schedule schedule = lowering.schedule();
        schedule.endForward();
        Set<String> trained = new HashSet<>();
        if (graph.loss() != null) {
            backward(lowering, graph, lowered, trained);
            schedule.keep(lowering.of(graph.loss()));
        }
        Buffer loss = graph.loss() == null ? null : lowering.of(graph.loss());
        GradientMemory gradient = new GradientMemory(parameters.layout());
        ReplicaMemory memory = new ReplicaMemory(oneDnn, schedule.plan(), outside, parameters, gradient);
        return new Replica(share, memory, gradient, schedule, loss, trained);
    }

    private static void backward(Lowering lowering, TypedGraph graph, List<NodeLowering> lowered, Set<String> trained) {
        List<Node> nodes =
                graph.nodes().stream().filter(n -> !(n instanceof Node.Feed)).toList();
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Node node = nodes.get(i);
            boolean reached = node.output() == graph.loss() || lowering.gradient(node.output()) != null;
            if (node.output().differentiable && reached) {
                lowered.get(i).backward();
                for (String parameter : parametersOf(node)) {
                    if (!trained.add(parameter)) {
                        throw new UnsupportedGraphException(parameter + " is used by two layers");
                    }
                }
            }
        }
    }

    private static List<String> parametersOf(Node node) {
        if (node instanceof Node.Conv conv) {
            return List.of(conv.kernel(), conv.bias());
        }
        if (node instanceof Node.Norm norm) {
            return List.of(norm.gamma(), norm.beta());
        }
        if (node instanceof Node.Dense dense) {
            return dense.bias() == null ? List.of(dense.weight()) : List.of(dense.weight(), dense.bias());
        }
        return List.of();
    }

    private static Buffer bind(Lowering lowering, Value value, Share share) {
        return lowering.define(value, Buffer.outside(value.name, (long) share.count() * value.floatsPerImage()));
    }

    private static FloatPointer place(INDArray array, Value value, Share share) {
        return FlatMemory.pointerTo(array).getPointer((long) share.first() * value.floatsPerImage());
    }

    private static NodeLowering lower(Lowering lowering, Node node) {
        if (node instanceof Node.Conv n) {
            return new ConvLowering(lowering, n);
        } else if (node instanceof Node.Norm n) {
            return new NormLowering(lowering, n);
        } else if (node instanceof Node.Dense n) {
            return new DenseLowering(lowering, n);
        } else if (node instanceof Node.Attention n) {
            return new AttentionLowering(lowering, n);
        } else if (node instanceof Node.Resample n) {
            return new ResampleLowering(lowering, n);
        } else if (node instanceof Node.Pad n) {
            return new PadLowering(lowering, n);
        } else if (node instanceof Node.Blur n) {
            return new BlurLowering(lowering, n);
        } else if (node instanceof Node.Concat n) {
            return new ConcatLowering(lowering, n);
        } else if (node instanceof Node.Reorder n) {
            return new ReorderLowering(lowering, n);
        }
        return ElementLowerings.lower(lowering, node);
    }

    /** Runs forward, and backward too if a gradient buffer is given. */
    void run(INDArray gradientBuffer) {
        int end = forwardSteps;
        if (gradientBuffer != null) {
            gradient.attach(gradientBuffer);
            end = steps.size();
        }
        for (int i = 0; i < end; i++) {
            Bound bound = steps.get(i);
            long start = profile == null ? 0 : System.nanoTime();
            bound.work().run();
            if (profile != null) {
                profile.add(bound.step(), System.nanoTime() - start);
            }
        }
        memory.stream()._wait();
    }

    /** This replica's share of the loss, after a run. */
    float loss() {
        return memory.floats(loss).get(0);
    }

    /** Parameters whose gradient a backward run writes. */
    Set<String> trained() {
        return trained;
    }

    org.bytedeco.dnnl.stream stream() {
        return memory.stream();
    }

    Share share() {
        return share;
    }

    void profile(Profile target) {
        profile = target;
    }

    long bytes() {
        return memory.bytes();
    }

    @Override
    public void close() {
        memory.close();
    }
}

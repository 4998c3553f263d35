package org.patchdiffusion.model.engine.compiled;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Stage 2 of the compiler: joins nodes that one pass over memory can do together. Group norm takes in the embedding
 * before it and the adaptive scale and SiLU behind it; an addition takes in the factor behind it.
 */
final class Fuser {
    private final TypedGraph graph;
    private final Map<Value, Node> producers = new LinkedHashMap<>();
    private final Map<Value, Integer> uses = new HashMap<>();

    private Fuser(TypedGraph graph) {
        this.graph = graph;
    }

    static TypedGraph run(TypedGraph graph) {
        return new Fuser(graph).fuse();
    }

    private TypedGraph fuse() {
        List<Node> live = live();
        for (Node node : live) {
            node.inputs().forEach(input -> uses.merge(input, 1, Integer::sum));
        }
        graph.outputs().values().forEach(output -> uses.merge(output, 1, Integer::sum));
        for (Node node : live) {
            Node fused = fuse(node);
            producers.put(fused.output(), fused);
        }
        return new TypedGraph(new ArrayList<>(producers.values()), graph.outputs(), graph.shapes(), graph.loss());
    }

    /** Nodes that an output or the loss depends on. */
    private List<Node> live() {
        Set<Value> needed = new HashSet<>(graph.outputs().values());
        if (graph.loss() != null) {
            needed.add(graph.loss());
        }
        List<Node> live = new ArrayList<>();
        for (int i = graph.nodes().size() - 1; i >= 0; i--) {
            Node node = graph.nodes().get(i);
            if (needed.contains(node.output())) {
                needed.addAll(node.inputs());
                live.add(0, node);
            }
        }
        return live;
    }

    private Node fuse(Node node) {
        if (node instanceof Node.Silu silu && only(silu.x()) instanceof Node.Norm norm && !norm.silu()) {
            producers.remove(norm.output());
            return new Node.Norm(
                    silu.output(),
                    norm.x(),
                    norm.shift(),
                    norm.adaptive(),
                    norm.gamma(),
                    norm.beta(),
                    norm.groups(),
                    norm.epsilon(),
                    true);
        }
        if (node instanceof Node.Adapt adapt) {
            return fuseAdapt(adapt);
        }
        if (node instanceof Node.Norm norm && only(norm.x()) instanceof Node.AddEmbedding sum) {
            producers.remove(sum.output());
            return new Node.Norm(
                    norm.output(),
                    sum.x(),
                    sum.embedding(),
                    norm.adaptive(),
                    norm.gamma(),
                    norm.beta(),
                    norm.groups(),
                    norm.epsilon(),
                    norm.silu());
        }
        if (node instanceof Node.Scale scale && only(scale.x()) instanceof Node.ScaledAdd sum) {
            producers.remove(sum.output());
            return new Node.ScaledAdd(scale.output(), sum.a(), sum.b(), sum.factor() * scale.factor());
        }
        if (node instanceof Node.Pointwise sum
                && sum.op() == Node.Pointwise.Op.ADD
                && sum.a().kind == Value.Kind.IMAGE
                && sum.a().sameSize(sum.b())
                && sum.a().differentiable
                && sum.b().differentiable) {
            return new Node.ScaledAdd(sum.output(), sum.a(), sum.b(), 1f);
        }
        return node;
    }

    private Node fuseAdapt(Node.Adapt adapt) {
        if (only(adapt.x()) instanceof Node.Norm norm && !norm.silu() && norm.adaptive() == null) {
            producers.remove(norm.output());
            return new Node.Norm(
                    adapt.output(),
                    norm.x(),
                    norm.shift(),
                    adapt.adaptive(),
                    norm.gamma(),
                    norm.beta(),
                    norm.groups(),
                    norm.epsilon(),
                    false);
        }
        throw new UnsupportedGraphException(adapt.output() + " scales something that is not a group norm");
    }

    /** The node behind a value that nothing else reads, or null. */
    private Node only(Value value) {
        return uses.getOrDefault(value, 0) == 1 ? producers.get(value) : null;
    }
}

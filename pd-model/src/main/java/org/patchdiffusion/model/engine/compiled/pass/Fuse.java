package org.patchdiffusion.model.engine.compiled.pass;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.patchdiffusion.model.engine.compiled.ir.Adapt;
import org.patchdiffusion.model.engine.compiled.ir.AddVector;
import org.patchdiffusion.model.engine.compiled.ir.Node;
import org.patchdiffusion.model.engine.compiled.ir.Norm;
import org.patchdiffusion.model.engine.compiled.ir.Scale;
import org.patchdiffusion.model.engine.compiled.ir.ScaledAdd;
import org.patchdiffusion.model.engine.compiled.ir.TypedGraph;
import org.patchdiffusion.model.engine.compiled.ir.Unary;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/**
 * Stage "fuse": drops nodes that nothing needs and joins those that one pass over memory can do together, where the tensor
 * between them is read by nothing else. Forward, group norm takes in the embedding before it and the adaptive scale and SiLU
 * behind it, and a sum the factor behind it; backward, the gradient of group norm takes in the sum and the factor behind it.
 */
public final class Fuse {
    private final TypedGraph graph;
    /** The fused nodes so far; null where one was taken into another. */
    private final List<Node> fused = new ArrayList<>();

    private final Map<Value, Integer> places = new HashMap<>();
    private final Map<Value, Integer> uses = new HashMap<>();

    private Fuse(TypedGraph graph) {
        this.graph = graph;
    }

    /** The graph with fewer nodes and the same results. */
    public static TypedGraph run(TypedGraph graph) {
        return new Fuse(graph).fuse();
    }

    private TypedGraph fuse() {
        boolean[] live = live();
        List<Node> nodes = graph.nodes();
        for (int i = 0; i < nodes.size(); i++) {
            if (live[i]) {
                nodes.get(i).inputs().forEach(input -> uses.merge(input, 1, Integer::sum));
            }
        }
        graph.outputs().values().forEach(output -> uses.merge(output, 1, Integer::sum));
        int forward = 0;
        for (int i = 0; i < nodes.size(); i++) {
            if (i == graph.forward()) {
                forward = count();
            }
            if (live[i]) {
                Node node = fuse(nodes.get(i));
                node.outputs().forEach(output -> places.put(output, fused.size()));
                fused.add(node);
            }
        }
        if (graph.forward() == nodes.size()) {
            forward = count();
        }
        List<Node> kept = fused.stream().filter(node -> node != null).toList();
        return new TypedGraph(kept, forward, graph.outputs(), graph.loss());
    }

    private int count() {
        return (int) fused.stream().filter(node -> node != null).count();
    }

    /** Nodes that an output, the loss or the gradient of a parameter depends on. */
    private boolean[] live() {
        Set<Value> needed = new HashSet<>(graph.outputs().values());
        if (graph.loss() != null) {
            needed.add(graph.loss());
        }
        boolean[] live = new boolean[graph.nodes().size()];
        for (int i = live.length - 1; i >= 0; i--) {
            Node node = graph.nodes().get(i);
            live[i] = !node.trained().isEmpty() || node.outputs().stream().anyMatch(needed::contains);
            if (live[i]) {
                needed.addAll(node.inputs());
            }
        }
        return live;
    }

    private Node fuse(Node node) {
        boolean backward = graph.forward() < graph.nodes().size();
        return backward ? fuseGradient(node) : fuseForward(node);
    }

    private Node fuseForward(Node node) {
        if (node instanceof Unary unary && unary.function() == Unary.Function.SILU) {
            return only(unary.x()) instanceof Norm norm && !norm.settings().silu()
                    ? join(unary, unary.x(), norm.withSilu(unary.output()))
                    : node;
        } else if (node instanceof Adapt adapt && only(adapt.x()) instanceof Norm norm) {
            return !norm.settings().silu() && norm.adaptive() == null
                    ? join(adapt, adapt.x(), norm.withAdaptive(adapt.output(), adapt.adaptive()))
                    : node;
        } else if (node instanceof Norm norm && norm.shift() == null && only(norm.x()) instanceof AddVector sum) {
            return join(norm, norm.x(), norm.withShift(sum.x(), sum.vector()));
        } else if (node instanceof Scale scale && scale.offset() == 0f && only(scale.x()) instanceof ScaledAdd sum) {
            float factor = sum.factor() * scale.factor();
            return join(scale, scale.x(), new ScaledAdd(scale.output(), sum.a(), sum.b(), factor));
        }
        return node;
    }

    private Node fuseGradient(Node node) {
        if (node instanceof Scale scale
                && scale.offset() == 0f
                && only(scale.x()) instanceof Norm.Gradient norm
                && norm.output() == scale.x()) {
            return join(scale, scale.x(), norm.times(scale.output(), scale.factor()));
        } else if (node instanceof ScaledAdd sum
                && sum.factor() == 1f
                && only(sum.b()) instanceof Norm.Gradient norm
                && norm.output() == sum.b()
                && norm.more() == null
                && norm.factor() == 1f) {
            return join(sum, sum.b(), norm.adding(sum.output(), sum.a()));
        }
        return node;
    }

    /** The node behind a value that nothing else reads; null if there is none. */
    private Node only(Value value) {
        Integer place = places.get(value);
        return place == null || uses.getOrDefault(value, 0) != 1 ? null : fused.get(place);
    }

    /**
     * Puts a node that does the work of two where the second stood; not if something has read what else the first one
     * makes, which would then come too late.
     */
    private Node join(Node second, Value between, Node joined) {
        int place = places.get(between);
        for (Value output : fused.get(place).outputs()) {
            boolean read = fused.subList(place + 1, fused.size()).stream()
                    .anyMatch(node -> node != null && node.inputs().contains(output));
            if (read) {
                return second;
            }
        }
        fused.set(place, null);
        return joined;
    }
}

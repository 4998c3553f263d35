package org.patchdiffusion.model.engine.compiled.pass;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.patchdiffusion.model.engine.compiled.ir.Differentiation;
import org.patchdiffusion.model.engine.compiled.ir.Feed;
import org.patchdiffusion.model.engine.compiled.ir.Node;
import org.patchdiffusion.model.engine.compiled.ir.ScaledAdd;
import org.patchdiffusion.model.engine.compiled.ir.TypedGraph;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/**
 * Stage "differentiate": appends the backward pass to a graph. Each node that the loss depends on, last first, emits the
 * nodes of its gradient; contributions to one tensor are added up. A gradient that nobody needs is never computed.
 */
public final class Differentiate implements Differentiation {
    private final List<Node> nodes = new ArrayList<>();
    private final Map<Value, Value> gradients = new HashMap<>();
    /** Arrays that are not split by images are added up by the parts that read the sum. */
    private final Map<Value, List<Value>> wholes = new HashMap<>();

    private final Set<String> trained = new HashSet<>();
    private final Value loss;

    private Differentiate(Value loss) {
        this.loss = loss;
    }

    /** The graph with its backward pass; as it is if it names no loss. */
    public static TypedGraph run(TypedGraph graph) {
        if (graph.loss() == null) {
            return graph;
        }
        Differentiate pass = new Differentiate(graph.loss());
        if (graph.loss().kind() == Value.Kind.WHOLE) {
            Value one = graph.loss().gradientLike();
            pass.emit(new Feed(one));
            pass.contribute(graph.loss(), one);
        }
        for (int i = graph.nodes().size() - 1; i >= 0; i--) {
            Node node = graph.nodes().get(i);
            if (pass.reaches(node)) {
                node.differentiate(pass);
            }
        }
        List<Node> all = new ArrayList<>(graph.nodes());
        all.addAll(pass.nodes);
        return new TypedGraph(all, graph.nodes().size(), graph.outputs(), graph.loss());
    }

    private boolean reaches(Node node) {
        return node.outputs().stream()
                .anyMatch(value -> value.differentiable()
                        && (value == loss || gradients.containsKey(value) || wholes.containsKey(value)));
    }

    @Override
    public Value of(Value output) {
        return gradients.get(output);
    }

    @Override
    public List<Value> all(Value output) {
        Value sum = gradients.get(output);
        return sum != null ? List.of(sum) : wholes.getOrDefault(output, List.of());
    }

    @Override
    public <T extends Node> T emit(T node) {
        nodes.add(node);
        return node;
    }

    @Override
    public void contribute(Value value, Value gradient) {
        if (!value.differentiable()) {
            return;
        }
        if (value.kind() == Value.Kind.WHOLE) {
            wholes.computeIfAbsent(value, v -> new ArrayList<>()).add(gradient);
            return;
        }
        Value old = gradients.get(value);
        if (old == null) {
            gradients.put(value, gradient);
            return;
        }
        Value sum = value.gradientLike();
        emit(new ScaledAdd(sum, old, gradient, 1f));
        gradients.put(value, sum);
    }

    @Override
    public boolean addsTo(String parameter) {
        return !trained.add(parameter);
    }
}

package org.patchdiffusion.model.engine.compiled.pass;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.patchdiffusion.model.engine.compiled.ir.Node;
import org.patchdiffusion.model.engine.compiled.ir.Part;
import org.patchdiffusion.model.engine.compiled.ir.TypedGraph;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/**
 * Second half of stage "fuse": ops that ND4J runs become as few parts as possible, since all replicas wait for each. Compiled
 * nodes run as early as they can, then all ops that are ready form one part, and so on.
 */
public final class JoinParts {
    private final TypedGraph graph;
    private final Map<Value, Integer> readers = new HashMap<>();

    private JoinParts(TypedGraph graph) {
        this.graph = graph;
        graph.nodes().forEach(node -> node.inputs().forEach(this::countReader));
        graph.outputs().values().forEach(this::countReader);
        if (graph.loss() != null) {
            countReader(graph.loss());
        }
    }

    private void countReader(Value value) {
        readers.merge(value, 1, Integer::sum);
    }

    /** The graph with fewer parts; as it is if it has none. */
    public static TypedGraph run(TypedGraph graph) {
        return graph.nodes().stream().noneMatch(Part.class::isInstance) ? graph : new JoinParts(graph).join();
    }

    private TypedGraph join() {
        List<Node> remaining = new ArrayList<>(graph.nodes());
        List<Node> ordered = new ArrayList<>();
        Set<Value> ready = new HashSet<>();
        while (!remaining.isEmpty()) {
            ordered.addAll(take(remaining, ready, false));
            List<Node> ops = take(remaining, ready, true);
            if (!ops.isEmpty()) {
                ordered.add(join(ops));
            }
        }
        return TypedGraph.forward(ordered, graph.outputs(), graph.loss());
    }

    /** Takes all parts, or all other nodes, that can run when those before them have. */
    private static List<Node> take(List<Node> remaining, Set<Value> ready, boolean parts) {
        List<Node> taken = new ArrayList<>();
        List<Node> left = new ArrayList<>();
        for (Node node : remaining) {
            if (node instanceof Part == parts && ready.containsAll(node.inputs())) {
                ready.addAll(node.outputs());
                taken.add(node);
            } else {
                left.add(node);
            }
        }
        remaining.clear();
        remaining.addAll(left);
        return taken;
    }

    private Part join(List<Node> ops) {
        Set<String> names = new LinkedHashSet<>();
        Map<String, Value> reads = new LinkedHashMap<>();
        Set<String> parameters = new HashSet<>();
        Map<String, Value> made = new LinkedHashMap<>();
        Map<Value, Integer> inside = new HashMap<>();
        for (Node node : ops) {
            Part part = (Part) node;
            names.addAll(part.ops());
            parameters.addAll(part.parameters());
            part.reads().forEach((name, value) -> {
                inside.merge(value, 1, Integer::sum);
                if (made.get(name) != value) {
                    reads.put(name, value);
                }
            });
            made.putAll(part.makes());
        }
        made.values().removeIf(value -> readers.getOrDefault(value, 0).equals(inside.getOrDefault(value, 0)));
        return new Part(List.copyOf(names), reads, parameters, made);
    }
}

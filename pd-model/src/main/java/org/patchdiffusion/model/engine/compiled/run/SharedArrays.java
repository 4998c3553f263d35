package org.patchdiffusion.model.engine.compiled.run;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.Parameters;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.compiled.ir.Feed;
import org.patchdiffusion.model.engine.compiled.ir.Node;
import org.patchdiffusion.model.engine.compiled.ir.Part;
import org.patchdiffusion.model.engine.compiled.ir.TypedGraph;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.generic.GraphPart;

/**
 * The arrays of the whole batch that replicas, parts of ND4J operations and the caller share: what is there before the run,
 * the outputs, and what parts read and make.
 */
public final class SharedArrays implements Resources.Freed {
    private final SameDiff graph;
    private final Parameters parameters;
    private final Map<Value, INDArray> arrays = new HashMap<>();
    private final List<INDArray> owned = new ArrayList<>();
    private final List<GraphPart> parts = new ArrayList<>();
    private final Map<String, GraphPart> partsByOrigin = new HashMap<>();
    /** What runs between two segments of the replicas; null where nothing does. */
    private final List<Runnable> between = new ArrayList<>();

    private final Map<String, List<INDArray>> parameterGradients = new LinkedHashMap<>();

    private SharedArrays(SameDiff graph, Parameters parameters) {
        this.graph = graph;
        this.parameters = parameters;
    }

    /**
     * Allocates them.
     *
     * @param frontier arrays of the variables that depend on no parameter
     * @throws IllegalArgumentException naming an op that ND4J cannot plan or differentiate
     */
    public static SharedArrays of(TypedGraph typed, Graph graph, Map<String, INDArray> frontier) {
        SharedArrays shared = new SharedArrays(graph.sameDiff(), graph.parameters());
        try {
            shared.allocate(typed, frontier);
            return shared;
        } catch (RuntimeException | Error e) {
            shared.close();
            throw e;
        }
    }

    private void allocate(TypedGraph typed, Map<String, INDArray> frontier) {
        for (int i = 0; i <= typed.nodes().size(); i++) {
            if (i == typed.forward()) {
                between.add(null);
            }
            Node node = i < typed.nodes().size() ? typed.nodes().get(i) : null;
            if (node instanceof Feed feed) {
                arrays.put(feed.output(), feedArray(feed.output(), frontier));
            } else if (node instanceof Part part) {
                between.add(part(part, gradientOf(part, typed)));
            } else if (node instanceof Part.Gradient gradient) {
                between.add(gradient(gradient));
            }
        }
        // Each replica keeps its own part of a sum over the batch.
        typed.outputs().values().stream()
                .filter(value -> value.kind() != Value.Kind.SUM)
                .forEach(this::array);
    }

    private INDArray feedArray(Value value, Map<String, INDArray> frontier) {
        if (frontier.containsKey(value.name())) {
            return frontier.get(value.name());
        } else if (value.differentiable()) {
            return parameters.view(value.name());
        }
        // The gradient of the loss with respect to itself.
        return own(Nd4j.ones(DataType.FLOAT, value.shape()));
    }

    private static Part.Gradient gradientOf(Part part, TypedGraph typed) {
        return typed.nodes().stream()
                .filter(node -> node instanceof Part.Gradient && node.origin().equals(part.origin()))
                .map(Part.Gradient.class::cast)
                .findFirst()
                .orElse(null);
    }

    private Runnable part(Part part, Part.Gradient gradient) {
        Map<String, INDArray> inputs = new LinkedHashMap<>();
        part.reads().forEach((name, value) -> inputs.put(name, array(value)));
        Set<String> wanted = gradient == null ? Set.of() : gradient.wanted().keySet();
        GraphPart made = GraphPart.of(graph, inputs, List.copyOf(part.makes().keySet()), wanted);
        parts.add(made);
        partsByOrigin.put(part.origin(), made);
        part.makes().forEach((name, value) -> {
            if (value.isSplit()) {
                array(value);
            } else {
                arrays.put(value, made.output(name));
            }
        });
        return () -> {
            made.forward();
            part.makes().forEach((name, value) -> {
                if (value.isSplit()) {
                    array(value).assign(made.output(name));
                }
            });
        };
    }

    private Runnable gradient(Part.Gradient node) {
        GraphPart part = partsByOrigin.get(node.origin());
        node.wanted().forEach((name, value) -> {
            if (node.part().parameters().contains(name)) {
                parameterGradients.computeIfAbsent(name, n -> new ArrayList<>()).add(part.inputGradient(name));
            } else if (value.isSplit()) {
                array(value);
            } else {
                arrays.put(value, part.inputGradient(name));
            }
        });
        node.given().values().forEach(values -> values.forEach(this::array));
        return () -> {
            node.given().forEach((name, values) -> collect(part, name, values));
            part.backward();
            node.wanted().forEach((name, value) -> {
                if (value.isSplit() && !node.part().parameters().contains(name)) {
                    array(value).assign(part.inputGradient(name));
                }
            });
        };
    }

    private void collect(GraphPart part, String name, List<Value> contributions) {
        for (int i = 0; i < contributions.size(); i++) {
            INDArray target = part.outputGradient(name);
            if (i == 0) {
                target.assign(array(contributions.get(i)));
            } else {
                target.addi(array(contributions.get(i)));
            }
        }
    }

    /** The array of a tensor; a new one if it has none. */
    private INDArray array(Value value) {
        return arrays.computeIfAbsent(value, v -> own(Nd4j.create(v.type(), v.shape())));
    }

    private INDArray own(INDArray array) {
        owned.add(array);
        return array;
    }

    /** The tensors that lie here. */
    public Set<Value> values() {
        return arrays.keySet();
    }

    /** The array of an output. */
    INDArray output(Value value) {
        return arrays.get(value);
    }

    /** Where a share of the batch begins in the array of a tensor. */
    public FloatPointer place(Value value, int firstImage) {
        return FlatMemory.pointerTo(arrays.get(value)).getPointer(firstImage * value.physicalElements());
    }

    /** Off-heap bytes of the arrays and the parts. */
    long bytes() {
        return owned.stream().mapToLong(a -> a.length() * a.dataType().width()).sum()
                + parts.stream().mapToLong(GraphPart::bytes).sum();
    }

    /** What runs behind a segment for the whole batch; null if nothing does. */
    Runnable between(int segment) {
        return segment < between.size() ? between.get(segment) : null;
    }

    /** Gradients of parameters that parts computed, to be added to the flat gradient. */
    Map<String, List<INDArray>> parameterGradients() {
        return parameterGradients;
    }

    @Override
    public void close() {
        parts.forEach(GraphPart::close);
        owned.forEach(INDArray::close);
    }
}

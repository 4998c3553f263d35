package org.patchdiffusion.model.engine.compiled.read;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.compiled.ir.Part;
import org.patchdiffusion.model.engine.compiled.ir.SumBatch;
import org.patchdiffusion.model.engine.compiled.ir.TypedGraph;
import org.patchdiffusion.model.engine.compiled.ir.UnsupportedGraphException;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.generic.ShapeProbe;

/**
 * Stage "read": turns the ops that depend on parameters into typed nodes, in the order in which they run. An op that ends a
 * known pattern becomes the pattern's node; the ops before it, if nothing else reads them, are dropped by the next stage. An
 * op that no recogniser knows becomes a {@link Part}.
 */
public final class GraphReader {
    private final Reading reading;
    private final GraphView view;
    private final Set<String> refused;
    private final ShapeProbe probe;
    /** Sums over the batch once more, for parts, which need them whole. */
    private final Map<String, Value> wholes = new HashMap<>();

    private GraphReader(
            GraphView view,
            long batch,
            Map<String, INDArray> frontier,
            Graph graph,
            Set<String> refused,
            ShapeProbe probe) {
        this.reading = new Reading(view, batch, frontier, graph.dropouts(), this::read);
        this.view = view;
        this.refused = refused;
        this.probe = probe;
    }

    /**
     * Reads what leads to the outputs and the loss of a graph.
     *
     * @param frontier arrays of the variables that depend on no parameter
     * @param refused variables that must be computed by parts
     * @throws UnsupportedGraphException if the graph cannot be read, saying why
     */
    public static TypedGraph read(
            GraphView view, long batch, Map<String, INDArray> frontier, Graph graph, Set<String> refused) {
        List<SameDiffOp> ops = view.trainedOps();
        // A norm is twelve ops, which are read only if something else than the norm asks for them.
        Set<SameDiffOp> inner = Collections.newSetFromMap(new IdentityHashMap<>());
        for (SameDiffOp op : ops) {
            inner.addAll(Recognisers.inner(view, op));
        }
        try (ShapeProbe probe = new ShapeProbe()) {
            GraphReader reader = new GraphReader(view, batch, frontier, graph, refused, probe);
            for (SameDiffOp op : ops) {
                if (!inner.contains(op)) {
                    reader.read(op);
                }
            }
            return reader.result(graph);
        }
    }

    private void read(SameDiffOp op) {
        String output = GraphView.output(op);
        if (op.getOutputsOfOp().size() == 1 && !refused.contains(output)) {
            Value value = Recognisers.read(reading, op);
            if (value != null) {
                reading.put(output, value);
                return;
            }
        }
        part(op).forEach(reading::put);
    }

    /** The results of an op that ND4J runs. */
    private Map<String, Value> part(SameDiffOp op) {
        Map<String, Value> reads = new LinkedHashMap<>();
        List<INDArray> prototypes = new ArrayList<>();
        boolean differentiable = false;
        for (String input : GraphView.inputs(op)) {
            if (reading.dropout(input) >= 0) {
                throw new UnsupportedGraphException("the dropout mask " + input + " does more than multiply");
            }
            if (view.isConstant(input)) {
                prototypes.add(view.constantArray(input));
                continue;
            }
            Value value = whole(input);
            reads.put(input, value);
            differentiable |= value.differentiable();
            prototypes.add(probe.prototype(value.type(), value.shape()));
        }
        Map<String, Value> makes = new LinkedHashMap<>();
        List<LongShapeDescriptor> shapes = Shapes.of(op, prototypes, probe);
        for (int i = 0; i < shapes.size(); i++) {
            String name = op.getOutputsOfOp().get(i);
            DataType type = view.graph().getVariable(name).dataType();
            DataType known = type == null ? shapes.get(i).dataType() : type;
            makes.put(
                    name,
                    Value.of(
                            name,
                            reading.batch(),
                            known,
                            shapes.get(i).getShape(),
                            differentiable && known == DataType.FLOAT));
        }
        Set<String> parameters = new TreeSet<>(reads.keySet());
        parameters.removeIf(name -> !view.isParameter(name));
        reading.emit(new Part(List.of(GraphView.name(op)), reads, parameters, makes));
        return makes;
    }

    /** A tensor as parts can read it. */
    private Value whole(String variable) {
        Value value = reading.value(variable);
        if (value.kind() != Value.Kind.SUM) {
            return value;
        }
        Value known = wholes.get(variable);
        if (known == null) {
            known = part(view.producer(variable)).get(variable);
            wholes.put(variable, known);
        }
        return known;
    }

    private TypedGraph result(Graph graph) {
        Map<String, Value> outputs = new LinkedHashMap<>();
        for (String output : graph.outputs()) {
            outputs.put(output, reading.value(output));
        }
        Value loss = graph.loss() == null ? null : loss(graph.loss());
        return TypedGraph.forward(reading.nodes(), outputs, loss);
    }

    private Value loss(String name) {
        Value loss = reading.value(name);
        if (loss.isSplit() && reading.batch() == 1 && loss.elements() == 1) {
            return reading.emit(new SumBatch(Value.sum(name, loss.differentiable()), loss, 1));
        }
        long length = loss.kind() == Value.Kind.SUM ? 1 : loss.isSplit() ? 0 : loss.elements();
        if (length != 1) {
            throw new UnsupportedGraphException("the loss " + name + " is not one number");
        }
        return loss;
    }
}

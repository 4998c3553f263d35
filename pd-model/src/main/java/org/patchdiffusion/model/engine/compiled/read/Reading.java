package org.patchdiffusion.model.engine.compiled.read;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.engine.Dropout;
import org.patchdiffusion.model.engine.compiled.ir.Feed;
import org.patchdiffusion.model.engine.compiled.ir.Node;
import org.patchdiffusion.model.engine.compiled.ir.UnsupportedGraphException;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/** A graph while it is read: the nodes so far and the tensor of each variable. */
final class Reading {
    private final GraphView view;
    private final long batch;
    private final Map<String, INDArray> frontier;
    private final List<Dropout> dropouts;
    private final Map<String, Value> values = new HashMap<>();
    private final List<Node> nodes = new ArrayList<>();
    private final Map<Value, Node> makers = new HashMap<>();
    private final Consumer<SameDiffOp> later;

    /** @param later reads an op that was left out until something asks for its result */
    Reading(
            GraphView view,
            long batch,
            Map<String, INDArray> frontier,
            List<Dropout> dropouts,
            Consumer<SameDiffOp> later) {
        this.later = later;
        this.view = view;
        this.batch = batch;
        this.frontier = frontier;
        this.dropouts = dropouts;
    }

    GraphView view() {
        return view;
    }

    long batch() {
        return batch;
    }

    List<Node> nodes() {
        return nodes;
    }

    /** The tensor of a variable: a parameter, there before the run, or computed by an op, which is read now if it was not. */
    Value value(String variable) {
        Value known = values.get(variable);
        if (known == null && view.isTrained(variable) && !view.isParameter(variable)) {
            later.accept(view.producer(variable));
            known = values.get(variable);
        } else if (known == null) {
            known = feed(variable);
            values.put(variable, known);
        }
        return known;
    }

    private Value feed(String variable) {
        if (view.isParameter(variable)) {
            return feed(Value.whole(variable, DataType.FLOAT, view.parameterShape(variable), true));
        }
        INDArray array = frontier.get(variable);
        if (array == null) {
            throw new UnsupportedGraphException("the dropout mask " + variable + " does more than multiply");
        }
        return feed(Value.of(variable, batch, array.dataType(), array.shape(), false));
    }

    private Value feed(Value value) {
        nodes.add(new Feed(value));
        return value;
    }

    /** The tensor of a variable if it is an image, else null. */
    Value image(String variable) {
        Value value = value(variable);
        return value.isImage() ? value : null;
    }

    /** The tensor of a variable if it holds something for each image, else null. */
    Value split(String variable) {
        Value value = value(variable);
        return value.isSplit() ? value : null;
    }

    /** Place of a variable in the list of dropout masks; -1 if it is none. */
    int dropout(String variable) {
        for (int i = 0; i < dropouts.size(); i++) {
            if (dropouts.get(i).placeholder().equals(variable)) {
                return i;
            }
        }
        return -1;
    }

    double dropoutRate(int layer) {
        return dropouts.get(layer).rate();
    }

    /** Contents of a variable that never change; null if it is not known before the run. */
    INDArray constant(String variable) {
        return view.constantArray(variable);
    }

    /** The node that makes a tensor. */
    Node maker(Value value) {
        return makers.get(value);
    }

    /** Adds a node. */
    Value emit(Node node) {
        nodes.add(node);
        node.outputs().forEach(output -> makers.put(output, node));
        return node.outputs().get(0);
    }

    /** Says which tensor a variable is. */
    void put(String variable, Value value) {
        values.put(variable, value);
    }
}

package org.patchdiffusion.model.engine.compiled.read;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.engine.Dropout;
import org.patchdiffusion.model.engine.compiled.ir.Feed;
import org.patchdiffusion.model.engine.compiled.ir.Node;
import org.patchdiffusion.model.engine.compiled.ir.Value;

/** A graph while it is read: the nodes so far and the tensor of each variable. */
final class Reading {
    private final GraphView view;
    private final long batch;
    private final Map<String, INDArray> frontier;
    private final List<Dropout> dropouts;
    private final Map<String, Value> values = new HashMap<>();
    private final List<Node> nodes = new ArrayList<>();

    Reading(GraphView view, long batch, Map<String, INDArray> frontier, List<Dropout> dropouts) {
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

    /** The tensor of a variable: computed so far, a parameter, or there before the run. */
    Value value(String variable) {
        return values.computeIfAbsent(variable, name -> {
            if (view.isParameter(name)) {
                return feed(Value.whole(name, DataType.FLOAT, view.parameterShape(name), true));
            }
            INDArray array = frontier.get(name);
            if (array == null) {
                throw new IllegalStateException(name + " is read before it is computed");
            }
            return feed(Value.of(name, batch, array.dataType(), array.shape(), false));
        });
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

    /** Adds a node. */
    Value emit(Node node) {
        nodes.add(node);
        return node.outputs().get(0);
    }

    /** Says which tensor a variable is. */
    void put(String variable, Value value) {
        values.put(variable, value);
    }
}

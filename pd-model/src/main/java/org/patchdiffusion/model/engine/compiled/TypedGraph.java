package org.patchdiffusion.model.engine.compiled;

import java.util.List;
import java.util.Map;

/**
 * A graph of typed nodes in an order in which they can run.
 *
 * @param nodes each after those whose results it reads
 * @param outputs tensors that the caller wants, by variable name
 * @param shapes true shape of each output, batch axis included
 * @param loss the scalar to differentiate; null if none
 */
record TypedGraph(List<Node> nodes, Map<String, Value> outputs, Map<String, long[]> shapes, Value loss) {
    TypedGraph {
        nodes = List.copyOf(nodes);
        outputs = Map.copyOf(outputs);
        shapes = Map.copyOf(shapes);
    }
}

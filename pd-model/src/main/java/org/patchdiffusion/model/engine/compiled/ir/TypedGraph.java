package org.patchdiffusion.model.engine.compiled.ir;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A graph of typed nodes in an order in which they can run.
 *
 * @param nodes each after those whose results it reads
 * @param forward how many of them, from the first on, a forward run needs
 * @param outputs tensors that the caller wants, by variable name
 * @param loss the scalar to differentiate; null if none
 */
public record TypedGraph(List<Node> nodes, int forward, Map<String, Value> outputs, Value loss) {
    public TypedGraph {
        nodes = List.copyOf(nodes);
        outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    }

    /** A graph of forward nodes alone. */
    public static TypedGraph forward(List<Node> nodes, Map<String, Value> outputs, Value loss) {
        return new TypedGraph(nodes, nodes.size(), outputs, loss);
    }
}

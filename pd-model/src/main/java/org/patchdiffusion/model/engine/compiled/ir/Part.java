package org.patchdiffusion.model.engine.compiled.ir;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A part of the graph that no stage knows, run by ND4J operations for the whole batch between compiled parts.
 *
 * @param ops names of its operations, for messages
 * @param reads what they read, by SameDiff variable: tensors of this graph, parameters among them
 * @param parameters which of these are parameters
 * @param makes what is read of it from outside, by SameDiff variable
 */
public record Part(List<String> ops, Map<String, Value> reads, Set<String> parameters, Map<String, Value> makes)
        implements Node {
    public Part {
        ops = List.copyOf(ops);
        reads = Collections.unmodifiableMap(new LinkedHashMap<>(reads));
        parameters = Collections.unmodifiableSet(new TreeSet<>(parameters));
        makes = Collections.unmodifiableMap(new LinkedHashMap<>(makes));
    }

    @Override
    public List<Value> inputs() {
        return List.copyOf(reads.values());
    }

    @Override
    public List<Value> outputs() {
        return List.copyOf(makes.values());
    }

    @Override
    public Node place(Layouts layouts) {
        Map<String, Value> plain = new LinkedHashMap<>();
        reads.forEach((name, value) -> plain.put(name, layouts.plain(value)));
        return new Part(ops, plain, parameters, makes);
    }

    @Override
    public void differentiate(Differentiation gradients) {
        Map<String, List<Value>> given = new LinkedHashMap<>();
        makes.forEach((name, value) -> given.put(name, gradients.all(value)));
        Map<String, Value> wanted = new LinkedHashMap<>();
        reads.forEach((name, value) -> {
            if (value.differentiable()) {
                wanted.put(name, value.gradientLike());
            }
        });
        gradients.emit(new Gradient(this, given, wanted));
        wanted.forEach((name, gradient) -> {
            if (!parameters.contains(name)) {
                gradients.contribute(reads.get(name), gradient);
            }
        });
    }

    /**
     * The gradient of what a part reads; those of parameters are added to the parameters' gradient.
     *
     * @param given contributions to the gradient of each tensor that the part makes, by variable
     * @param wanted gradients to compute, by variable
     */
    public record Gradient(Part part, Map<String, List<Value>> given, Map<String, Value> wanted) implements Node {
        public Gradient {
            given = Collections.unmodifiableMap(new LinkedHashMap<>(given));
            wanted = Collections.unmodifiableMap(new LinkedHashMap<>(wanted));
        }

        @Override
        public List<Value> inputs() {
            List<Value> inputs = new ArrayList<>(part.inputs());
            given.values().forEach(inputs::addAll);
            return inputs;
        }

        @Override
        public List<Value> outputs() {
            return List.copyOf(wanted.values());
        }

        @Override
        public List<String> trained() {
            return part.parameters().stream().filter(wanted::containsKey).toList();
        }

        @Override
        public String origin() {
            return part.origin();
        }

        @Override
        public Node place(Layouts layouts) {
            Map<String, List<Value>> plain = new LinkedHashMap<>();
            given.forEach((name, values) ->
                    plain.put(name, values.stream().map(layouts::plain).toList()));
            return new Gradient((Part) part.place(layouts), plain, wanted);
        }
    }
}

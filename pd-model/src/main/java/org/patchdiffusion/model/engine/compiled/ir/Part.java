package org.patchdiffusion.model.engine.compiled.ir;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A part of the graph that no stage knows, run by ND4J operations for the whole batch between compiled parts.
 *
 * @param label the operations, for messages
 * @param reads what its operations read, by SameDiff variable: tensors of this graph, parameters among them
 * @param makes what is read of it from outside, by SameDiff variable
 */
public record Part(String label, Map<String, Value> reads, Map<String, Value> makes) implements Node {
    public Part {
        reads = new LinkedHashMap<>(reads);
        makes = new LinkedHashMap<>(makes);
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
        return new Part(label, plain, makes);
    }

    @Override
    public void differentiate(Differentiation gradients) {
        Map<String, Value> given = new LinkedHashMap<>();
        makes.forEach((name, value) -> {
            Value dy = gradients.of(value);
            if (dy != null) {
                given.put(name, dy);
            }
        });
        Map<String, Value> wanted = new LinkedHashMap<>();
        reads.forEach((name, value) -> {
            if (value.differentiable()) {
                wanted.put(name, value.gradientLike());
            }
        });
        gradients.emit(new Gradient(this, given, wanted));
        wanted.forEach((name, gradient) -> gradients.contribute(reads.get(name), gradient));
    }

    /**
     * The gradient of what a part reads.
     *
     * @param given gradients of what the part makes, by variable; those that are missing are zero
     * @param wanted gradients to compute, by variable
     */
    public record Gradient(Part part, Map<String, Value> given, Map<String, Value> wanted) implements Node {
        public Gradient {
            given = new LinkedHashMap<>(given);
            wanted = new LinkedHashMap<>(wanted);
        }

        @Override
        public List<Value> inputs() {
            List<Value> inputs = new ArrayList<>(part.inputs());
            inputs.addAll(given.values());
            return inputs;
        }

        @Override
        public List<Value> outputs() {
            return List.copyOf(wanted.values());
        }

        @Override
        public String origin() {
            return part.origin();
        }

        @Override
        public Node place(Layouts layouts) {
            Map<String, Value> plain = new LinkedHashMap<>();
            given.forEach((name, value) -> plain.put(name, layouts.plain(value)));
            return new Gradient((Part) part.place(layouts), plain, wanted);
        }
    }
}

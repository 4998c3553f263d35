package org.patchdiffusion.model.engine.compiled.ir;

import java.util.List;

/** The same tensor in another memory layout. */
public record Reorder(Value output, Value x) implements Node {

    @Override
    public List<Value> inputs() {
        return List.of(x);
    }

    @Override
    public List<Value> outputs() {
        return List.of(output);
    }

    @Override
    public Node place(Layouts layouts) {
        return this;
    }
}

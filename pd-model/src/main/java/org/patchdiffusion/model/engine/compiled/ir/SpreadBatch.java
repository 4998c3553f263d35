package org.patchdiffusion.model.engine.compiled.ir;

import java.util.List;

/** Gives every image the same number. */
public record SpreadBatch(Value output, double number) implements Node {

    @Override
    public List<Value> inputs() {
        return List.of();
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

package org.patchdiffusion.model.engine.compiled.ir;

import java.util.List;

/** A tensor that is there before the run: an input, a parameter, or what the prologue computes for the whole batch. */
public record Feed(Value output) implements Node {

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

    @Override
    public void differentiate(Differentiation gradients) {
        // Nothing lies before it.
    }
}

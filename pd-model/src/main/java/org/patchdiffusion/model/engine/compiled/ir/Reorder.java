package org.patchdiffusion.model.engine.compiled.ir;

/** The same tensor in another memory layout. */
public record Reorder(Value output, Value x) implements Mapping {

    @Override
    public Node place(Layouts layouts) {
        return this;
    }
}

package org.patchdiffusion.model.engine.compiled.ir;

import java.util.List;

/**
 * {@code x · (1 + scale) + offset} with a vector of scales followed by offsets (the adaptive group norm of Dhariwal and
 * Nichol 2021). It exists to be joined to the group norm before it, and has no lowering of its own.
 */
public record Adapt(Value output, Value x, Value adaptive) implements Node {

    @Override
    public List<Value> inputs() {
        return List.of(x, adaptive);
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
        // It is refused when it is lowered; the loss's gradient ends here until then.
    }
}

package org.patchdiffusion.model.engine.compiled.ir;

import java.util.List;

/** {@code (a + b) · factor} of two tensors of one shape. */
public record ScaledAdd(Value output, Value a, Value b, float factor) implements Node {

    /** The sum of two tensors. */
    public static ScaledAdd of(String name, Value a, Value b) {
        return new ScaledAdd(a.like(name, a.differentiable() || b.differentiable()), a, b, 1f);
    }

    @Override
    public List<Value> inputs() {
        return List.of(a, b);
    }

    @Override
    public List<Value> outputs() {
        return List.of(output);
    }

    @Override
    public Node place(Layouts layouts) {
        Value first = a;
        if (a.blocked() != b.blocked() || a.blocked() && !a.map().equals(b.map())) {
            first = layouts.dense(a);
        }
        layouts.placeLike(output, first);
        return new ScaledAdd(output, first, layouts.like(b, first), factor);
    }

    @Override
    public void differentiate(Differentiation gradients) {
        Value gradient = Scale.gradient(gradients, output, factor);
        gradients.contribute(a, gradient);
        gradients.contribute(b, gradient);
    }
}

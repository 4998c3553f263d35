package org.patchdiffusion.model.engine.compiled.ir;

import java.util.List;

/** Sums all numbers of each image, times a factor. */
public record SumImage(Value output, Value x, float factor) implements Node {

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
        return new SumImage(output, layouts.exact(x), factor);
    }

    @Override
    public void differentiate(Differentiation gradients) {
        Value dx = x.gradientLike();
        gradients.emit(new SpreadImage(dx, gradients.of(output), factor));
        gradients.contribute(x, dx);
    }
}

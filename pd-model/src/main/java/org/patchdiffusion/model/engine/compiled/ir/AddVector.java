package org.patchdiffusion.model.engine.compiled.ir;

import java.util.List;

/** Adds a vector, one number a channel of each image, to every pixel. */
public record AddVector(Value output, Value x, Value vector) implements Node {

    @Override
    public List<Value> inputs() {
        return List.of(x, vector);
    }

    @Override
    public List<Value> outputs() {
        return List.of(output);
    }

    @Override
    public Node place(Layouts layouts) {
        layouts.placeLike(output, x);
        return new AddVector(output, x, layouts.plain(vector));
    }

    @Override
    public void differentiate(Differentiation gradients) {
        Value dy = gradients.of(output);
        gradients.contribute(x, dy);
        if (vector.differentiable()) {
            Value target = vector.gradientLike();
            gradients.emit(new SumPixels(target, dy, 1f));
            gradients.contribute(vector, target);
        }
    }
}

package org.patchdiffusion.model.engine.compiled.ir;

import java.util.List;

/** Gives every pixel of an image a vector, one number a channel, times a factor. */
public record SpreadPixels(Value output, Value vector, float factor) implements Node {

    @Override
    public List<Value> inputs() {
        return List.of(vector);
    }

    @Override
    public List<Value> outputs() {
        return List.of(output);
    }

    @Override
    public Node place(Layouts layouts) {
        layouts.placeDense(output);
        return new SpreadPixels(output, layouts.plain(vector), factor);
    }

    @Override
    public void differentiate(Differentiation gradients) {
        Value target = vector.gradientLike();
        gradients.emit(new SumPixels(target, gradients.of(output), factor));
        gradients.contribute(vector, target);
    }
}

package org.patchdiffusion.model.engine.compiled.ir;

import java.util.List;

/** Gives every place of an image its one number, times a factor. */
public record SpreadImage(Value output, Value number, float factor) implements Node {

    @Override
    public List<Value> inputs() {
        return List.of(number);
    }

    @Override
    public List<Value> outputs() {
        return List.of(output);
    }

    @Override
    public Node place(Layouts layouts) {
        return new SpreadImage(output, layouts.plain(number), factor);
    }

    @Override
    public void differentiate(Differentiation gradients) {
        Value target = number.gradientLike();
        gradients.emit(new SumImage(target, gradients.of(output), factor));
        gradients.contribute(number, target);
    }
}

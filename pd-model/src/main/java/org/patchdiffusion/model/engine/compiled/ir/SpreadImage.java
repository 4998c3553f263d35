package org.patchdiffusion.model.engine.compiled.ir;

/** Gives every place of an image its one number, times a factor. */
public record SpreadImage(Value output, Value x, float factor) implements Mapping {

    @Override
    public Node place(Layouts layouts) {
        return new SpreadImage(output, layouts.plain(x), factor);
    }

    @Override
    public void differentiate(Differentiation gradients) {
        Value target = x.gradientLike();
        gradients.emit(new SumImage(target, gradients.of(output), factor));
        gradients.contribute(x, target);
    }
}

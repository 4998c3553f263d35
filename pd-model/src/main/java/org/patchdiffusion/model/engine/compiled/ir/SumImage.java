package org.patchdiffusion.model.engine.compiled.ir;

/** Sums all numbers of each image, times a factor. */
public record SumImage(Value output, Value x, float factor) implements Mapping {

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

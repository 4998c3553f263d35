package org.patchdiffusion.model.engine.compiled.ir;

/** Sums each channel over the pixels, times a factor: 1/pixels gives the mean. */
public record SumPixels(Value output, Value x, float factor) implements Mapping {

    @Override
    public Node place(Layouts layouts) {
        return this;
    }

    @Override
    public void differentiate(Differentiation gradients) {
        Value dx = x.gradientLike();
        gradients.emit(new SpreadPixels(dx, gradients.of(output), factor));
        gradients.contribute(x, dx);
    }
}

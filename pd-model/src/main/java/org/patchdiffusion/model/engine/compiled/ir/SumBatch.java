package org.patchdiffusion.model.engine.compiled.ir;

/** Sums one number an image over the batch, times a factor. */
public record SumBatch(Value output, Value x, double factor) implements Mapping {

    @Override
    public Node place(Layouts layouts) {
        return new SumBatch(output, layouts.plain(x), factor);
    }

    /** A sum is read by nothing but the loss, which it is itself: its gradient is 1. */
    @Override
    public void differentiate(Differentiation gradients) {
        Value dx = x.gradientLike();
        gradients.emit(new SpreadBatch(dx, factor));
        gradients.contribute(x, dx);
    }
}

package org.patchdiffusion.model.engine.compiled.ir;

/** Gives every pixel of an image a vector, one number a channel, times a factor. */
public record SpreadPixels(Value output, Value x, float factor) implements Mapping {

    @Override
    public Node place(Layouts layouts) {
        layouts.placeDense(output);
        return new SpreadPixels(output, layouts.plain(x), factor);
    }

    @Override
    public void differentiate(Differentiation gradients) {
        Value target = x.gradientLike();
        gradients.emit(new SumPixels(target, gradients.of(output), factor));
        gradients.contribute(x, target);
    }
}

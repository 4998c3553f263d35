package org.patchdiffusion.model.engine.compiled.ir;

/** {@code x · factor + offset}. */
public record Scale(Value output, Value x, float factor, float offset) implements Mapping {

    /** A tensor times a number, plus a number. */
    public static Scale of(String name, Value x, double factor, double offset) {
        return new Scale(x.like(name, x.differentiable()), x, (float) factor, (float) offset);
    }

    @Override
    public Node place(Layouts layouts) {
        layouts.placeLike(output, x);
        return this;
    }

    @Override
    public void differentiate(Differentiation gradients) {
        gradients.contribute(x, gradient(gradients, output, factor));
    }

    /** The gradient of a tensor times a factor. */
    static Value gradient(Differentiation gradients, Value output, float factor) {
        Value dy = gradients.of(output);
        return factor == 1f
                ? dy
                : gradients
                        .emit(new Scale(dy.like(dy.name() + " scaled", false), dy, factor, 0f))
                        .output();
    }
}

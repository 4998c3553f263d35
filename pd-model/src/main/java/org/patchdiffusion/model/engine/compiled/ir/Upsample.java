package org.patchdiffusion.model.engine.compiled.ir;

/** Repeats each pixel {@code factor} times in both directions: nearest-neighbour enlargement. */
public record Upsample(Value output, Value x, int factor) implements Mapping {

    /** The enlargement of an image. */
    public static Upsample of(String name, Value x, int factor) {
        Value y = Value.image(
                name,
                x.batch(),
                x.channels(),
                (long) x.height() * factor,
                (long) x.width() * factor,
                x.differentiable());
        return new Upsample(y, x, factor);
    }

    @Override
    public Node place(Layouts layouts) {
        Value blocked = layouts.blocked(x);
        layouts.placeLike(output, blocked);
        return new Upsample(output, blocked, factor);
    }

    @Override
    public void differentiate(Differentiation gradients) {
        Value dx = x.gradientLike();
        gradients.emit(new Gradient(dx, gradients.of(output), factor));
        gradients.contribute(x, dx);
    }

    /** Sums over squares of pixels. */
    public record Gradient(Value output, Value x, int factor) implements Mapping {
        @Override
        public Node place(Layouts layouts) {
            Value blocked = layouts.blocked(x);
            layouts.placeLike(output, blocked);
            return new Gradient(output, blocked, factor);
        }
    }
}

package org.patchdiffusion.model.engine.compiled.ir;

/** One constant filter over each channel alone, with stride 1 and {@code padding} zeros on each side. */
public record Blur(Value output, Value x, SeparableFilter filter, int padding) implements Mapping {

    /** The filtering of an image. */
    public static Blur of(String name, Value x, SeparableFilter filter, int padding) {
        int growth = 2 * padding - filter.size() + 1;
        Value y = Value.image(
                name,
                x.batch(),
                x.channels(),
                (long) x.height() + growth,
                (long) x.width() + growth,
                x.differentiable());
        return new Blur(y, x, filter, padding);
    }

    @Override
    public Node place(Layouts layouts) {
        Value blocked = layouts.blocked(x);
        layouts.placeLike(output, blocked);
        return new Blur(output, blocked, filter, padding);
    }

    /** The same with the filter turned round and the padding that restores the size. */
    @Override
    public void differentiate(Differentiation gradients) {
        Value dx = x.gradientLike();
        int back = filter.size() - 1 - padding;
        gradients.emit(new Blur(dx, gradients.of(output), filter.reversed(), back));
        gradients.contribute(x, dx);
    }
}

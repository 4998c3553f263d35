package org.patchdiffusion.model.engine.compiled.ir;

/** The same numbers of each image, row-major, in another shape. */
public record Reshape(Value output, Value x) implements Mapping {

    /** The reshaping of a tensor; the shape begins with the batch axis. */
    public static Reshape of(String name, Value x, long[] shape) {
        return new Reshape(Value.of(name, x.batch(), x.type(), shape, x.differentiable()), x);
    }

    @Override
    public Node place(Layouts layouts) {
        return new Reshape(output, layouts.plain(x));
    }

    @Override
    public void differentiate(Differentiation gradients) {
        Value dx = x.gradientLike();
        gradients.emit(new Reshape(dx, gradients.of(output)));
        gradients.contribute(x, dx);
    }
}

package org.patchdiffusion.model.engine.compiled.ir;

import java.util.List;

/** Adds or multiplies by a number a channel, the same for all images: a parameter of that many elements. */
public record ChannelParameter(Value output, Value x, Op op, String parameter) implements Mapping {

    /** What is done with the number. */
    public enum Op {
        ADD,
        MULTIPLY
    }

    @Override
    public Node place(Layouts layouts) {
        layouts.placeLike(output, x);
        return this;
    }

    @Override
    public void differentiate(Differentiation gradients) {
        Value dy = gradients.of(output);
        gradients.emit(new Gradient(x, dy, op, parameter, gradients.addsTo(parameter)));
        if (op == Op.ADD) {
            gradients.contribute(x, dy);
        } else if (x.differentiable()) {
            Value dx = x.gradientLike();
            gradients.emit(new ChannelParameter(dx, dy, op, parameter));
            gradients.contribute(x, dx);
        }
    }

    /**
     * Gradient of the parameter: sums of {@code dy}, or of {@code x · dy} for a product, over images and pixels.
     *
     * @param add whether to add to what is there
     */
    public record Gradient(Value x, Value dy, Op op, String parameter, boolean add) implements Node {
        @Override
        public List<Value> inputs() {
            return op == Op.ADD ? List.of(dy) : List.of(x, dy);
        }

        @Override
        public List<Value> outputs() {
            return List.of();
        }

        @Override
        public List<String> trained() {
            return List.of(parameter);
        }

        @Override
        public String origin() {
            return parameter;
        }

        @Override
        public Node place(Layouts layouts) {
            return op == Op.ADD ? this : new Gradient(x, layouts.like(dy, x), op, parameter, add);
        }
    }
}

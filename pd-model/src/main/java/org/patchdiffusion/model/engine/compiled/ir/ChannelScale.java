package org.patchdiffusion.model.engine.compiled.ir;

import java.util.List;

/** Multiplies by a number a channel, the same for all images: a parameter of that many elements. */
public record ChannelScale(Value output, Value x, String parameter) implements Node {

    @Override
    public List<Value> inputs() {
        return List.of(x);
    }

    @Override
    public List<Value> outputs() {
        return List.of(output);
    }

    @Override
    public Node place(Layouts layouts) {
        layouts.placeLike(output, x);
        return this;
    }

    @Override
    public void differentiate(Differentiation gradients) {
        Value dy = gradients.of(output);
        gradients.emit(new Gradient(x, dy, parameter, gradients.addsTo(parameter)));
        if (x.differentiable()) {
            Value dx = x.gradientLike();
            gradients.emit(new ChannelScale(dx, dy, parameter));
            gradients.contribute(x, dx);
        }
    }

    /** Sums of {@code x · dy} over images and pixels; {@code add} says whether to add to what is there. */
    public record Gradient(Value x, Value dy, String parameter, boolean add) implements Node {
        @Override
        public List<Value> inputs() {
            return List.of(x, dy);
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
            return new Gradient(x, layouts.like(dy, x), parameter, add);
        }
    }
}

package org.patchdiffusion.model.engine.compiled.ir;

import java.util.List;

/** Adds a number a channel, the same for all images: a parameter of that many elements. */
public record ChannelShift(Value output, Value x, String parameter) implements Node {

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
        gradients.emit(new Gradient(dy, parameter, gradients.addsTo(parameter)));
        gradients.contribute(x, dy);
    }

    /** Sums over images and pixels; {@code add} says whether to add to what is there. */
    public record Gradient(Value dy, String parameter, boolean add) implements Node {
        @Override
        public List<Value> inputs() {
            return List.of(dy);
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
            return this;
        }
    }
}

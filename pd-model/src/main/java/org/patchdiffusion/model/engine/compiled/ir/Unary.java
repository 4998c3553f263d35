package org.patchdiffusion.model.engine.compiled.ir;

import java.util.List;

/** A function of each number. */
public record Unary(Value output, Value x, Function function) implements Mapping {

    /** The functions. All are finite where their argument is, so padding channels stay finite. */
    public enum Function {
        /** x·sigmoid(x). */
        SILU,
        RELU,
        TANH,
        /** 1 / (1 + e⁻ˣ). */
        SIGMOID,
        SQUARE
    }

    /** A function of a tensor. */
    public static Unary of(String name, Value x, Function function) {
        return new Unary(x.like(name, x.differentiable()), x, function);
    }

    @Override
    public Node place(Layouts layouts) {
        layouts.placeLike(output, x);
        return this;
    }

    @Override
    public void differentiate(Differentiation gradients) {
        Value dx = x.gradientLike();
        gradients.emit(new Gradient(dx, x, gradients.of(output), function));
        gradients.contribute(x, dx);
    }

    /** {@code dy · f′(x)}. */
    public record Gradient(Value output, Value x, Value dy, Function function) implements Node {
        @Override
        public List<Value> inputs() {
            return List.of(x, dy);
        }

        @Override
        public List<Value> outputs() {
            return List.of(output);
        }

        @Override
        public Node place(Layouts layouts) {
            layouts.placeLike(output, x);
            return new Gradient(output, x, layouts.like(dy, x), function);
        }
    }
}

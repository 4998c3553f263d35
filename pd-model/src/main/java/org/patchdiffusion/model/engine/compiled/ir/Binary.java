package org.patchdiffusion.model.engine.compiled.ir;

import java.util.List;

/** Elementwise {@code a op b}; {@code b} has the shape of {@code a} or is one number an image. */
public record Binary(Value output, Op op, Value a, Value b) implements Node {

    /** What is done to each pair of numbers. */
    public enum Op {
        ADD,
        SUBTRACT,
        MULTIPLY,
        DIVIDE
    }

    /** The result of an operation. */
    public static Binary of(String name, Op op, Value a, Value b) {
        return new Binary(a.like(name, a.differentiable() || b.differentiable()), op, a, b);
    }

    private boolean broadcasts() {
        return !a.sameShape(b);
    }

    @Override
    public List<Value> inputs() {
        return List.of(a, b);
    }

    @Override
    public List<Value> outputs() {
        return List.of(output);
    }

    @Override
    public Node place(Layouts layouts) {
        // Padding would not stay zero: 0 / 0, or a number added to it.
        Value first = layouts.exact(a);
        layouts.placeLike(output, first);
        Value second = broadcasts() ? layouts.plain(b) : layouts.like(b, first);
        return new Binary(output, op, first, second);
    }

    @Override
    public void differentiate(Differentiation gradients) {
        Value dy = gradients.of(output);
        if (a.differentiable()) {
            Value da =
                    switch (op) {
                        case ADD, SUBTRACT -> dy;
                        case MULTIPLY -> emit(gradients, a, Op.MULTIPLY, dy, b);
                        case DIVIDE -> emit(gradients, a, Op.DIVIDE, dy, b);
                    };
            gradients.contribute(a, da);
        }
        if (b.differentiable()) {
            gradients.contribute(b, reduced(gradients, gradientOfB(gradients, dy)));
        }
    }

    private Value gradientOfB(Differentiation gradients, Value dy) {
        return switch (op) {
            case ADD -> dy;
            case SUBTRACT -> Scale.gradient(gradients, output, -1f);
            case MULTIPLY -> emit(gradients, a, Op.MULTIPLY, dy, a);
                // d(a / b) / db = −(a / b) / b
            case DIVIDE -> {
                Value product = emit(gradients, a, Op.MULTIPLY, dy, output);
                Value quotient = emit(gradients, a, Op.DIVIDE, product, b);
                yield gradients
                        .emit(new Scale(quotient.like(quotient.name() + " negated", false), quotient, -1f, 0f))
                        .output();
            }
        };
    }

    /** A number that was used for a whole image collects the gradient of all its pixels. */
    private Value reduced(Differentiation gradients, Value gradient) {
        return broadcasts()
                ? gradients.emit(new SumImage(b.gradientLike(), gradient, 1f)).output()
                : gradient;
    }

    private static Value emit(Differentiation gradients, Value like, Op op, Value left, Value right) {
        return gradients.emit(new Binary(like.gradientLike(), op, left, right)).output();
    }
}

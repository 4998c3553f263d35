package org.patchdiffusion.model.engine.compiled.ir;

/** Zeros around each channel of a blocked tensor. */
public record Pad(Value output, Value x, Margins margins) implements Mapping {

    /** Rows and columns on each side, 0 or more. */
    public record Margins(int top, int left, int bottom, int right) {

        /** Whether there are none. */
        public boolean isEmpty() {
            return (top | left | bottom | right) == 0;
        }
    }

    /** The padding of an image. */
    public static Pad of(String name, Value x, Margins margins) {
        Value y = Value.image(
                name,
                x.batch(),
                x.channels(),
                (long) x.height() + margins.top() + margins.bottom(),
                (long) x.width() + margins.left() + margins.right(),
                x.differentiable());
        return new Pad(y, x, margins);
    }

    @Override
    public Node place(Layouts layouts) {
        Value blocked = layouts.blocked(x);
        layouts.placeLike(output, blocked);
        return new Pad(output, blocked, margins);
    }

    @Override
    public void differentiate(Differentiation gradients) {
        Value dx = x.gradientLike();
        gradients.emit(new Gradient(dx, gradients.of(output), margins));
        gradients.contribute(x, dx);
    }

    /** Cuts the margins off. */
    public record Gradient(Value output, Value x, Margins margins) implements Mapping {
        @Override
        public Node place(Layouts layouts) {
            Value blocked = layouts.blocked(x);
            layouts.placeLike(output, blocked);
            return new Gradient(output, blocked, margins);
        }
    }
}

package org.patchdiffusion.model.engine.compiled.ir;

import java.util.List;

/** Pooling of each channel of a blocked tensor. */
public record Pool(Value output, Value x, Kind kind, Window window) implements Mapping {

    /** What becomes of the pixels under the window. */
    public enum Kind {
        MAX,
        /** Their mean; padding counts as zeros. */
        AVERAGE_WITH_PADDING,
        /** The mean of those that are inside the image. */
        AVERAGE_WITHOUT_PADDING
    }

    /** The pooling of an image. */
    public static Pool of(String name, Value x, Kind kind, Window window) {
        Value y = Value.image(
                name,
                x.batch(),
                x.channels(),
                window.outputHeight(x.height()),
                window.outputWidth(x.width()),
                x.differentiable());
        return new Pool(y, x, kind, window);
    }

    @Override
    public Node place(Layouts layouts) {
        Value blocked = layouts.blocked(x);
        layouts.placeLike(output, blocked);
        return new Pool(output, blocked, kind, window);
    }

    @Override
    public void differentiate(Differentiation gradients) {
        Value dx = x.gradientLike();
        gradients.emit(new Gradient(dx, this, x, gradients.of(output)));
        gradients.contribute(x, dx);
    }

    /** Gradient of the input; the places of maxima are found again from the input. */
    public record Gradient(Value output, Pool pool, Value x, Value dy) implements Node {
        @Override
        public List<Value> inputs() {
            return pool.kind() == Kind.MAX ? List.of(x, dy) : List.of(dy);
        }

        @Override
        public List<Value> outputs() {
            return List.of(output);
        }

        @Override
        public String origin() {
            return pool.output().name();
        }

        @Override
        public Node place(Layouts layouts) {
            Pool placed = (Pool) pool.place(layouts);
            layouts.placeLike(output, placed.x());
            return new Gradient(output, placed, placed.x(), layouts.like(dy, pool.output()));
        }
    }
}

package org.patchdiffusion.model.engine.compiled;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;

/** The nodes that work element by element, or sum elements up. */
final class ElementLowerings {

    private ElementLowerings() {}

    /**
     * The lowering of such a node.
     *
     * @throws UnsupportedGraphException if the node only exists to be fused into another, and was not
     */
    static NodeLowering lower(Lowering lowering, Node node) {
        if (node instanceof Node.Silu n) {
            return new SiluLowering(lowering, n);
        } else if (node instanceof Node.ScaledAdd n) {
            return new ScaledAddLowering(lowering, n);
        } else if (node instanceof Node.Scale n) {
            return new ScaleLowering(lowering, n);
        } else if (node instanceof Node.Square n) {
            return new SquareLowering(lowering, n);
        } else if (node instanceof Node.Pointwise n) {
            return new PointwiseLowering(lowering, n);
        } else if (node instanceof Node.Flatten n) {
            return new FlattenLowering(lowering, n);
        } else if (node instanceof Node.SumImage n) {
            return new SumImageLowering(lowering, n);
        } else if (node instanceof Node.SumBatch n) {
            return new SumBatchLowering(lowering, n);
        }
        throw new UnsupportedGraphException(node.output() + " has no group norm to be fused into");
    }

    record SiluLowering(Lowering lowering, Node.Silu node) implements NodeLowering {
        @Override
        public void forward() {
            Buffer x = lowering.of(node.x());
            lowering.pointwise("SiLU", List.of(x), lowering.define(node.output()), (t, n) -> {
                t.identity(n);
                t.affineSilu(n);
            });
        }

        @Override
        public void backward() {
            Buffer dx = lowering.allocate("d " + node.x().name, node.x());
            Buffer dy = lowering.gradient(node.output());
            lowering.pointwise("SiLU backward", List.of(lowering.of(node.x()), dy), dx, (t, n) -> {
                t.identity(n);
                t.affineSiluGradient(n);
                System.arraycopy(t.y, 0, t.x, 0, n);
            });
            lowering.contribute(node.x(), dx);
        }
    }

    record ScaledAddLowering(Lowering lowering, Node.ScaledAdd node) implements NodeLowering {
        @Override
        public void forward() {
            List<Buffer> in = List.of(lowering.of(node.a()), lowering.of(node.b()));
            float factor = node.factor();
            lowering.pointwise(
                    "residual",
                    in,
                    lowering.define(node.output()),
                    (t, n) -> Loops.scaledAdd(t.x, t.y, factor, t.x, n));
        }

        @Override
        public void backward() {
            Buffer dy = lowering.gradient(node.output());
            boolean done = lowering.scaleAtTheSource(dy, node.factor());
            Buffer gradient = done ? dy : scaled(lowering, dy, node.output(), node.factor());
            for (Value input : node.inputs()) {
                if (input.differentiable) {
                    lowering.contribute(input, gradient);
                }
            }
        }
    }

    record ScaleLowering(Lowering lowering, Node.Scale node) implements NodeLowering {
        @Override
        public void forward() {
            float factor = node.factor();
            Buffer x = lowering.of(node.x());
            lowering.pointwise(
                    "scale", List.of(x), lowering.define(node.output()), (t, n) -> Loops.scale(t.x, factor, t.x, n));
        }

        @Override
        public void backward() {
            Buffer dy = lowering.gradient(node.output());
            lowering.contribute(node.x(), scaled(lowering, dy, node.x(), node.factor()));
        }
    }

    /** A buffer times a constant; the buffer itself if the constant is 1. */
    private static Buffer scaled(Lowering lowering, Buffer gradient, Value shape, float factor) {
        if (factor == 1f) {
            return gradient;
        }
        Buffer result = lowering.allocate("d " + shape.name + " scaled", shape);
        lowering.pointwise("scale gradient", List.of(gradient), result, (t, n) -> Loops.scale(t.x, factor, t.x, n));
        return result;
    }

    /** A plain tensor already lies in memory as the vector should. */
    record FlattenLowering(Lowering lowering, Node.Flatten node) implements NodeLowering {
        @Override
        public void forward() {
            Buffer x = lowering.of(node.x());
            lowering.pointwise("flatten", List.of(x), lowering.define(node.output()), (t, n) -> {});
        }

        @Override
        public void backward() {
            lowering.contribute(node.x(), lowering.gradient(node.output()));
        }
    }

    record SquareLowering(Lowering lowering, Node.Square node) implements NodeLowering {
        @Override
        public void forward() {
            Buffer x = lowering.of(node.x());
            lowering.pointwise(
                    "square", List.of(x), lowering.define(node.output()), (t, n) -> Loops.multiply(t.x, t.x, t.x, n));
        }

        @Override
        public void backward() {
            Buffer dx = lowering.allocate("d " + node.x().name, node.x());
            List<Buffer> in = List.of(lowering.of(node.x()), lowering.gradient(node.output()));
            lowering.pointwise("square backward", in, dx, (t, n) -> {
                Loops.multiply(t.x, t.y, t.x, n);
                Loops.scale(t.x, 2f, t.x, n);
            });
            lowering.contribute(node.x(), dx);
        }
    }

    record PointwiseLowering(Lowering lowering, Node.Pointwise node) implements NodeLowering {
        @Override
        public void forward() {
            Buffer a = lowering.of(node.a());
            Buffer b = lowering.of(node.b());
            combine("pointwise", a, b, lowering.define(node.output()), node.op());
        }

        @Override
        public void backward() {
            Buffer dy = lowering.gradient(node.output());
            boolean multiply = node.op() == Node.Pointwise.Op.MULTIPLY;
            if (node.a().differentiable) {
                lowering.contribute(node.a(), multiply ? product(node.a(), dy, node.b()) : dy);
            }
            if (node.b().differentiable) {
                lowering.contribute(node.b(), multiply ? product(node.b(), dy, node.a()) : signed(dy));
            }
        }

        private Buffer signed(Buffer dy) {
            boolean negative = node.op() == Node.Pointwise.Op.SUBTRACT;
            return scaled(lowering, dy, node.b(), negative ? -1f : 1f);
        }

        private Buffer product(Value target, Buffer dy, Value other) {
            Buffer result = lowering.allocate("d " + target.name, target);
            combine("pointwise backward", dy, lowering.of(other), result, Node.Pointwise.Op.MULTIPLY);
            return result;
        }

        private void combine(String label, Buffer a, Buffer b, Buffer out, Node.Pointwise.Op op) {
            if (b.floats == a.floats) {
                lowering.pointwise(label, List.of(a, b), out, (t, n) -> apply(op, t, n));
                return;
            }
            lowering.step(label, Step.Kind.POINTWISE, 0, List.of(a, b), List.of(out), memory -> {
                FloatBuffer x = memory.floats(a);
                FloatBuffer factors = memory.floats(b);
                FloatBuffer y = memory.floats(out);
                int perImage = Math.toIntExact(a.floats / lowering.batch());
                Tiles tiles = lowering.tiles();
                return () -> {
                    for (int image = 0; image < lowering.batch(); image++) {
                        Arrays.fill(tiles.y, factors.get(image));
                        int start = image * perImage;
                        for (int i = 0; i < perImage; i += Tiles.SIZE) {
                            int n = Math.min(Tiles.SIZE, perImage - i);
                            x.get(start + i, tiles.x, 0, n);
                            apply(op, tiles, n);
                            y.put(start + i, tiles.x, 0, n);
                        }
                    }
                };
            });
        }

        private static void apply(Node.Pointwise.Op op, Tiles t, int n) {
            switch (op) {
                case ADD -> Loops.add(t.x, t.y, t.x, n);
                case SUBTRACT -> Loops.subtract(t.x, t.y, t.x, n);
                case MULTIPLY -> Loops.multiply(t.x, t.y, t.x, n);
            }
        }
    }

    record SumImageLowering(Lowering lowering, Node.SumImage node) implements NodeLowering {
        @Override
        public void forward() {
            Buffer x = lowering.of(node.x());
            Buffer y = lowering.define(node.output());
            int perImage = node.x().floatsPerImage();
            lowering.step("sum over pixels", Step.Kind.POINTWISE, 0, List.of(x), List.of(y), memory -> {
                FloatBuffer in = memory.floats(x);
                FloatBuffer out = memory.floats(y);
                return () -> {
                    for (int image = 0; image < lowering.batch(); image++) {
                        double sum = 0;
                        for (int i = 0; i < perImage; i++) {
                            sum += in.get(image * perImage + i);
                        }
                        out.put(image, (float) sum);
                    }
                };
            });
        }

        @Override
        public void backward() {
            Buffer dy = lowering.gradient(node.output());
            Buffer dx = lowering.allocate("d " + node.x().name, node.x());
            int perImage = node.x().floatsPerImage();
            lowering.step("sum over pixels backward", Step.Kind.POINTWISE, 0, List.of(dy), List.of(dx), memory -> {
                FloatBuffer gradient = memory.floats(dy);
                FloatBuffer target = memory.floats(dx);
                float[] row = new float[perImage];
                return () -> {
                    for (int image = 0; image < lowering.batch(); image++) {
                        Arrays.fill(row, gradient.get(image));
                        target.put(image * perImage, row, 0, perImage);
                    }
                };
            });
            lowering.contribute(node.x(), dx);
        }
    }

    record SumBatchLowering(Lowering lowering, Node.SumBatch node) implements NodeLowering {
        @Override
        public void forward() {
            Buffer x = lowering.of(node.x());
            Buffer y = lowering.define(node.output());
            lowering.step("sum over batch", Step.Kind.POINTWISE, 0, List.of(x), List.of(y), memory -> {
                FloatBuffer in = memory.floats(x);
                FloatBuffer out = memory.floats(y);
                return () -> {
                    double sum = 0;
                    for (int image = 0; image < lowering.batch(); image++) {
                        sum += in.get(image);
                    }
                    out.put(0, (float) (sum * node.factor()));
                };
            });
        }

        /** The output is the loss itself, so its gradient is 1. */
        @Override
        public void backward() {
            Buffer dx = lowering.allocate("d " + node.x().name, node.x());
            lowering.step("loss gradient", Step.Kind.POINTWISE, 0, List.of(), List.of(dx), memory -> {
                FloatBuffer target = memory.floats(dx);
                float[] row = new float[lowering.batch()];
                Arrays.fill(row, (float) node.factor());
                return () -> target.put(0, row, 0, row.length);
            });
            lowering.contribute(node.x(), dx);
        }
    }
}

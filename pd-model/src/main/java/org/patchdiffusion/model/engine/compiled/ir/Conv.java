package org.patchdiffusion.model.engine.compiled.ir;

import java.util.List;

/**
 * A convolution of blocked tensors.
 *
 * @param kernel parameter {@code [height, width, in, out]}
 * @param bias parameter {@code [out]}; null if there is none
 */
public record Conv(Value output, Value x, String kernel, String bias, Window window) implements Node {

    /** The convolution of an image. */
    public static Conv of(String name, Value x, String kernel, long outChannels, String bias, Window window) {
        Value y = Value.image(
                name, x.batch(), outChannels, window.outputHeight(x.height()), window.outputWidth(x.width()), true);
        return new Conv(y, x, kernel, bias, window);
    }

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
        Value blocked = layouts.blocked(x);
        layouts.placeDense(output);
        return new Conv(output, blocked, kernel, bias, window);
    }

    @Override
    public void differentiate(Differentiation gradients) {
        Value dy = gradients.of(output);
        boolean addKernel = gradients.addsTo(kernel);
        boolean addBias = bias != null && gradients.addsTo(bias);
        gradients.emit(new KernelGradient(this, x, dy, addKernel, addBias));
        if (x.differentiable()) {
            Value dx = x.gradientLike();
            gradients.emit(new InputGradient(dx, this, dy));
            gradients.contribute(x, dx);
        }
    }

    /** Gradient of the input, in the layout that the convolution reads. */
    public record InputGradient(Value output, Conv conv, Value dy) implements Node {
        @Override
        public List<Value> inputs() {
            return List.of(dy);
        }

        @Override
        public List<Value> outputs() {
            return List.of(output);
        }

        @Override
        public String origin() {
            return conv.output().name();
        }

        @Override
        public Node place(Layouts layouts) {
            Conv placed = (Conv) conv.place(layouts);
            layouts.placeLike(output, placed.x());
            return new InputGradient(output, placed, layouts.like(dy, conv.output()));
        }
    }

    /**
     * Gradient of kernel and bias.
     *
     * @param addKernel whether to add to what the kernel's gradient holds
     * @param addBias whether to add to what the bias's gradient holds
     */
    public record KernelGradient(Conv conv, Value x, Value dy, boolean addKernel, boolean addBias) implements Node {
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
            return conv.bias() == null ? List.of(conv.kernel()) : List.of(conv.kernel(), conv.bias());
        }

        @Override
        public String origin() {
            return conv.output().name();
        }

        @Override
        public Node place(Layouts layouts) {
            Conv placed = (Conv) conv.place(layouts);
            return new KernelGradient(placed, placed.x(), layouts.like(dy, conv.output()), addKernel, addBias);
        }
    }
}

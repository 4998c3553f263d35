package org.patchdiffusion.model.engine.compiled.ir;

import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * {@code x · weight + bias} for one vector an image.
 *
 * @param weight parameter {@code [out, in]} if transposed, else {@code [in, out]}
 * @param bias parameter {@code [out]}; null if there is none
 */
public record Dense(Value output, Value x, String weight, boolean transposed, String bias) implements Node {

    /** The dense layer of a tensor {@code [batch, in]}. */
    public static Dense of(String name, Value x, String weight, boolean transposed, long out, String bias) {
        Value y = Value.of(name, x.batch(), DataType.FLOAT, new long[] {x.batch(), out}, true);
        return new Dense(y, x, weight, transposed, bias);
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
        return new Dense(output, layouts.plain(x), weight, transposed, bias);
    }

    @Override
    public void differentiate(Differentiation gradients) {
        Value dy = gradients.of(output);
        boolean addWeight = gradients.addsTo(weight);
        boolean addBias = bias != null && gradients.addsTo(bias);
        gradients.emit(new WeightGradient(this, x, dy, addWeight, addBias));
        if (x.differentiable()) {
            Value dx = x.gradientLike();
            gradients.emit(new InputGradient(dx, this, dy));
            gradients.contribute(x, dx);
        }
    }

    /** Gradient of the input. */
    public record InputGradient(Value output, Dense dense, Value dy) implements Node {
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
            return dense.output().name();
        }

        @Override
        public Node place(Layouts layouts) {
            return new InputGradient(output, dense, layouts.plain(dy));
        }
    }

    /** Gradient of weight and bias; {@code addWeight} and {@code addBias} say whether to add to what is there. */
    public record WeightGradient(Dense dense, Value x, Value dy, boolean addWeight, boolean addBias) implements Node {
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
            return dense.bias() == null ? List.of(dense.weight()) : List.of(dense.weight(), dense.bias());
        }

        @Override
        public String origin() {
            return dense.output().name();
        }

        @Override
        public Node place(Layouts layouts) {
            return new WeightGradient(dense, layouts.plain(x), layouts.plain(dy), addWeight, addBias);
        }
    }
}

package org.patchdiffusion.model.engine.compiled;

import java.util.ArrayList;
import java.util.List;

/** An operation of the typed graph. Parameters are referred to by name. */
sealed interface Node {

    /** The tensor that the node computes. */
    Value output();

    /** The tensors that it reads. */
    List<Value> inputs();

    /** A tensor that depends on no parameter; the prologue computes it for the whole batch. */
    record Feed(Value output) implements Node {
        @Override
        public List<Value> inputs() {
            return List.of();
        }
    }

    /** A convolution with stride 1; kernel and bias are parameters. */
    record Conv(Value output, Value x, String kernel, String bias, ConvShape shape) implements Node {
        @Override
        public List<Value> inputs() {
            return List.of(x);
        }
    }

    /**
     * {@code x · weight + bias}; {@code bias} is null if there is none. A transposed weight is stored as {@code [out, in]},
     * another one as {@code [in, out]}.
     */
    record Dense(Value output, Value x, String weight, boolean transposed, String bias) implements Node {
        @Override
        public List<Value> inputs() {
            return List.of(x);
        }
    }

    /**
     * Group norm of {@code x + shift} (an embedding, constant over the pixels), scaled and moved by the parameters
     * gamma and beta, then by {@code (1 + scale)} and {@code offset} of adaptive normalisation, then SiLU if asked
     * for. {@code shift} and {@code adaptive} (a vector of scales followed by offsets) may be null.
     */
    record Norm(
            Value output,
            Value x,
            Value shift,
            Value adaptive,
            String gamma,
            String beta,
            int groups,
            double epsilon,
            boolean silu)
            implements Node {
        @Override
        public List<Value> inputs() {
            List<Value> inputs = new ArrayList<>(List.of(x));
            if (shift != null) {
                inputs.add(shift);
            }
            if (adaptive != null) {
                inputs.add(adaptive);
            }
            return inputs;
        }
    }

    /** x · sigmoid(x). */
    record Silu(Value output, Value x) implements Node {
        @Override
        public List<Value> inputs() {
            return List.of(x);
        }
    }

    /** Adds a vector to every pixel. */
    record AddEmbedding(Value output, Value x, Value embedding) implements Node {
        @Override
        public List<Value> inputs() {
            return List.of(x, embedding);
        }
    }

    /** {@code x · (1 + scale) + offset} with scales followed by offsets in {@code adaptive}; only before fusion. */
    record Adapt(Value output, Value x, Value adaptive) implements Node {
        @Override
        public List<Value> inputs() {
            return List.of(x, adaptive);
        }
    }

    /** Self-attention over the pixels; channels of qkv interleave as (head, channel, q|k|v). */
    record Attention(Value output, Value qkv, int heads) implements Node {
        @Override
        public List<Value> inputs() {
            return List.of(qkv);
        }
    }

    /** Doubles (nearest neighbour) or halves (2×2 average) height and width. */
    record Resample(Value output, Value x, boolean up) implements Node {
        @Override
        public List<Value> inputs() {
            return List.of(x);
        }
    }

    /** Zeros around each channel, {@code margin} pixels wide. */
    record Pad(Value output, Value x, int margin) implements Node {
        @Override
        public List<Value> inputs() {
            return List.of(x);
        }
    }

    /** One constant filter over each channel alone, with stride 1 and zeros around. */
    record Blur(Value output, Value x, SeparableFilter filter, int padding) implements Node {
        @Override
        public List<Value> inputs() {
            return List.of(x);
        }
    }

    /** All elements of an image, row-major, as a vector. */
    record Flatten(Value output, Value x) implements Node {
        @Override
        public List<Value> inputs() {
            return List.of(x);
        }
    }

    /** Concatenates channels. */
    record Concat(Value output, List<Value> parts) implements Node {
        public Concat {
            parts = List.copyOf(parts);
        }

        @Override
        public List<Value> inputs() {
            return parts;
        }
    }

    /** {@code (a + b) · factor}. */
    record ScaledAdd(Value output, Value a, Value b, float factor) implements Node {
        @Override
        public List<Value> inputs() {
            return List.of(a, b);
        }
    }

    /** {@code x · factor}. */
    record Scale(Value output, Value x, float factor) implements Node {
        @Override
        public List<Value> inputs() {
            return List.of(x);
        }
    }

    /** Elementwise {@code a op b}; {@code b} has the size of {@code a} or is one number an image. */
    record Pointwise(Value output, Op op, Value a, Value b) implements Node {
        enum Op {
            ADD,
            SUBTRACT,
            MULTIPLY
        }

        @Override
        public List<Value> inputs() {
            return List.of(a, b);
        }
    }

    /** x². */
    record Square(Value output, Value x) implements Node {
        @Override
        public List<Value> inputs() {
            return List.of(x);
        }
    }

    /** Sums all elements of each image. */
    record SumImage(Value output, Value x) implements Node {
        @Override
        public List<Value> inputs() {
            return List.of(x);
        }
    }

    /** Sums a one-number vector over the batch, times a factor. */
    record SumBatch(Value output, Value x, double factor) implements Node {
        @Override
        public List<Value> inputs() {
            return List.of(x);
        }
    }

    /** The same tensor in another memory layout. */
    record Reorder(Value output, Value x) implements Node {
        @Override
        public List<Value> inputs() {
            return List.of(x);
        }
    }
}

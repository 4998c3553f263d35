package org.patchdiffusion.model.engine.compiled.ir;

import java.util.List;

/**
 * Self-attention over the pixels: v · softmax(qᵀ·k / √c)ᵀ for each head of c channels (Vaswani et al. 2017).
 *
 * @param sources q, k and v, each with its channels ordered as (head, channel); or one tensor whose channels interleave as
 *     (head, channel, q|k|v)
 */
public record Attention(Value output, List<Value> sources, int heads) implements Node {

    public Attention {
        sources = List.copyOf(sources);
    }

    /** Attention over one or three image tensors. */
    public static Attention of(String name, List<Value> sources, int heads) {
        Value first = sources.get(0);
        int channels = sources.size() == 1 ? first.channels() / 3 : first.channels();
        Value y = Value.image(name, first.batch(), channels, first.height(), first.width(), true);
        return new Attention(y, sources, heads);
    }

    @Override
    public List<Value> inputs() {
        return sources;
    }

    @Override
    public List<Value> outputs() {
        return List.of(output);
    }

    @Override
    public Node place(Layouts layouts) {
        layouts.placeMatrix(output);
        return new Attention(output, sources.stream().map(layouts::matrix).toList(), heads);
    }

    @Override
    public void differentiate(Differentiation gradients) {
        List<Value> targets = sources.stream().map(Value::gradientLike).toList();
        gradients.emit(new Gradient(targets, this, gradients.of(output)));
        for (int i = 0; i < targets.size(); i++) {
            gradients.contribute(sources.get(i), targets.get(i));
        }
    }

    /** Gradients of the sources; the weights are those of the forward pass. */
    public record Gradient(List<Value> outputs, Attention attention, Value dy) implements Node {
        public Gradient {
            outputs = List.copyOf(outputs);
        }

        @Override
        public List<Value> inputs() {
            List<Value> inputs = new java.util.ArrayList<>(attention.sources());
            inputs.add(dy);
            return inputs;
        }

        @Override
        public String origin() {
            return attention.output().name();
        }

        @Override
        public Node place(Layouts layouts) {
            outputs.forEach(layouts::placeMatrix);
            return new Gradient(outputs, (Attention) attention.place(layouts), layouts.matrix(dy));
        }
    }
}

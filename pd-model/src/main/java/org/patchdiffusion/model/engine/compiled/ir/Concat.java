package org.patchdiffusion.model.engine.compiled.ir;

import java.util.List;

/** Concatenates the channels of blocked tensors. */
public record Concat(Value output, List<Value> parts) implements Node {
    public Concat {
        parts = List.copyOf(parts);
    }

    /** The concatenation of images of one size. */
    public static Concat of(String name, List<Value> parts) {
        Value first = parts.get(0);
        long channels = parts.stream().mapToLong(Value::channels).sum();
        boolean differentiable = parts.stream().anyMatch(Value::differentiable);
        Value y = Value.image(name, first.batch(), channels, first.height(), first.width(), differentiable);
        return new Concat(y, parts);
    }

    @Override
    public List<Value> inputs() {
        return parts;
    }

    @Override
    public List<Value> outputs() {
        return List.of(output);
    }

    @Override
    public Node place(Layouts layouts) {
        List<Value> blocked = parts.stream().map(layouts::blocked).toList();
        List<ChannelMap> maps = blocked.stream().map(Value::map).toList();
        output.place(blocked.get(0).layout(), ChannelMap.concat(maps));
        return new Concat(output, blocked);
    }

    @Override
    public void differentiate(Differentiation gradients) {
        List<Value> targets = parts.stream().map(Value::gradientLike).toList();
        gradients.emit(new Gradient(targets, this, gradients.of(output)));
        for (int i = 0; i < parts.size(); i++) {
            gradients.contribute(parts.get(i), targets.get(i));
        }
    }

    /** Takes the channels apart again. */
    public record Gradient(List<Value> outputs, Concat concat, Value dy) implements Node {
        public Gradient {
            outputs = List.copyOf(outputs);
        }

        @Override
        public List<Value> inputs() {
            return List.of(dy);
        }

        @Override
        public String origin() {
            return concat.output().name();
        }

        @Override
        public Node place(Layouts layouts) {
            Concat placed = (Concat) concat.place(layouts);
            for (int i = 0; i < outputs.size(); i++) {
                layouts.placeLike(outputs.get(i), placed.parts().get(i));
            }
            return new Gradient(outputs, placed, layouts.like(dy, concat.output()));
        }
    }
}

package org.patchdiffusion.model.engine.compiled;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Chooses the memory layout of every tensor: blocked from the first convolution to the last, plain for feeds,
 * attention and whatever has few channels; and puts a reorder where a node wants another layout than it is given.
 */
final class LayoutPass {

    private record Placed(Value value, Value.Layout layout, ChannelMap map) {}

    private final int lanes;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<Placed, Value> copies = new HashMap<>();

    private LayoutPass(int lanes) {
        this.lanes = lanes;
    }

    static TypedGraph run(TypedGraph graph, int lanes) {
        LayoutPass pass = new LayoutPass(lanes);
        for (Node node : graph.nodes()) {
            pass.place(node);
        }
        Map<String, Value> outputs = new HashMap<>();
        graph.outputs().forEach((name, value) -> outputs.put(name, pass.plain(value)));
        return new TypedGraph(pass.nodes, outputs, graph.shapes(), graph.loss());
    }

    private void place(Node node) {
        if (node instanceof Node.Conv n) {
            Value x = blocked(n.x());
            n.output().place(Value.Layout.BLOCKED, ChannelMap.dense(n.output().channels, lanes));
            nodes.add(new Node.Conv(n.output(), x, n.kernel(), n.bias(), n.shape()));
        } else if (node instanceof Node.Norm n) {
            Value x = blocked(n.x());
            follow(n.output(), x);
            nodes.add(new Node.Norm(
                    n.output(), x, n.shift(), n.adaptive(), n.gamma(), n.beta(), n.groups(), n.epsilon(), n.silu()));
        } else if (node instanceof Node.Resample n) {
            Value x = blocked(n.x());
            follow(n.output(), x);
            nodes.add(new Node.Resample(n.output(), x, n.up()));
        } else if (node instanceof Node.Pad n) {
            Value x = blocked(n.x());
            follow(n.output(), x);
            nodes.add(new Node.Pad(n.output(), x, n.margin()));
        } else if (node instanceof Node.Blur n) {
            Value x = blocked(n.x());
            follow(n.output(), x);
            nodes.add(new Node.Blur(n.output(), x, n.filter(), n.padding()));
        } else if (node instanceof Node.Concat n) {
            List<Value> parts = n.parts().stream().map(this::blocked).toList();
            n.output()
                    .place(
                            Value.Layout.BLOCKED,
                            ChannelMap.concat(parts.stream().map(Value::map).toList()));
            nodes.add(new Node.Concat(n.output(), parts));
        } else if (node instanceof Node.Flatten n) {
            nodes.add(new Node.Flatten(n.output(), plain(n.x())));
        } else if (node instanceof Node.Attention n) {
            nodes.add(new Node.Attention(n.output(), plain(n.qkv()), n.heads()));
        } else {
            placeElementwise(node);
        }
    }

    private void placeElementwise(Node node) {
        if (node instanceof Node.ScaledAdd n) {
            ChannelMap map = commonMap(n.a(), n.b());
            n.output().place(Value.Layout.BLOCKED, map);
            nodes.add(new Node.ScaledAdd(n.output(), blocked(n.a(), map), blocked(n.b(), map), n.factor()));
        } else if (node instanceof Node.Pointwise n) {
            Value a = exactOrPlain(n.a());
            boolean sameSize = n.a().sameSize(n.b());
            Value b = !sameSize ? n.b() : a.blocked() ? blocked(n.b(), a.map()) : plain(n.b());
            follow(n.output(), a);
            nodes.add(new Node.Pointwise(n.output(), n.op(), a, b));
        } else if (node instanceof Node.Scale n) {
            follow(n.output(), n.x());
            nodes.add(n);
        } else if (node instanceof Node.Square n) {
            Value x = exactOrPlain(n.x());
            follow(n.output(), x);
            nodes.add(new Node.Square(n.output(), x));
        } else if (node instanceof Node.Silu n) {
            follow(n.output(), n.x());
            nodes.add(n);
        } else if (node instanceof Node.SumImage n) {
            nodes.add(new Node.SumImage(n.output(), exactOrPlain(n.x())));
        } else {
            nodes.add(node);
        }
    }

    private ChannelMap commonMap(Value a, Value b) {
        if (a.blocked() && b.blocked() && a.map().equals(b.map())) {
            return a.map();
        }
        return ChannelMap.dense(a.channels, lanes);
    }

    private static void follow(Value output, Value input) {
        output.place(input.layout(), input.map());
    }

    /** The tensor as it is if it has no padding to carry along, else plain. */
    private Value exactOrPlain(Value value) {
        return value.blocked() && value.map().isExact() ? value : plain(value);
    }

    private Value plain(Value value) {
        return value.blocked() ? copy(value, Value.Layout.PLAIN, null) : value;
    }

    private Value blocked(Value value) {
        return value.blocked() ? value : blocked(value, ChannelMap.dense(value.channels, lanes));
    }

    private Value blocked(Value value, ChannelMap map) {
        if (value.blocked()) {
            return value.map().equals(map) ? value : blocked(plain(value), map);
        }
        return copy(value, Value.Layout.BLOCKED, map);
    }

    private Value copy(Value value, Value.Layout layout, ChannelMap map) {
        return copies.computeIfAbsent(new Placed(value, layout, map), key -> {
            Value copy = value.like(
                    value.name + (layout == Value.Layout.PLAIN ? " plain" : " blocked"), value.differentiable);
            copy.place(layout, map);
            nodes.add(new Node.Reorder(copy, value));
            return copy;
        });
    }
}

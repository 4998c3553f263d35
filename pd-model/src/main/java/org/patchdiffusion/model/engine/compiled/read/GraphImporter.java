package org.patchdiffusion.model.engine.compiled.read;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;

/**
 * Stage 1 of the compiler: turns the part of a SameDiff graph that depends on parameters into typed nodes. Group norm,
 * dense layers and attention are recognised by the structure that the graph builders of this project give them.
 */
final class GraphImporter {
    private final GraphView view;
    private final PatternMatcher patterns;
    private final long batch;
    private final Map<String, long[]> feedShapes;
    private final Map<String, Value> values = new HashMap<>();
    private final List<Node> nodes = new ArrayList<>();

    private GraphImporter(GraphView view, long batch, Map<String, long[]> feedShapes) {
        this.view = view;
        this.patterns = new PatternMatcher(view);
        this.batch = batch;
        this.feedShapes = feedShapes;
    }

    /**
     * Imports what the wanted variables need.
     *
     * @param feedShapes shapes of the variables that depend on no parameter, batch axis included
     * @throws UnsupportedGraphException if there is no typed node for an op or a size
     */
    static TypedGraph run(
            GraphView view, long batch, Map<String, long[]> feedShapes, List<String> outputs, String loss) {
        GraphImporter importer = new GraphImporter(view, batch, feedShapes);
        Map<String, Value> wanted = new HashMap<>();
        Map<String, long[]> shapes = new HashMap<>();
        for (String output : outputs) {
            if (view.isTrained(output)) {
                Value value = importer.value(output);
                if (value.kind == Value.Kind.SCALAR && !output.equals(loss)) {
                    throw unsupported(output, "of all sums over the batch only the loss can be an output");
                }
                wanted.put(output, value);
                shapes.put(output, importer.shape(output));
            }
        }
        Value lossValue = null;
        if (loss != null) {
            lossValue = importer.value(loss);
            if (lossValue.kind != Value.Kind.SCALAR) {
                throw new UnsupportedGraphException("the loss " + loss + " is not a sum over the batch");
            }
        }
        return new TypedGraph(importer.nodes, wanted, shapes, lossValue);
    }

    private Value value(String variable) {
        Value known = values.get(variable);
        if (known != null) {
            return known;
        }
        Value imported = view.isTrained(variable) ? compute(variable) : feed(variable);
        values.put(variable, imported);
        return imported;
    }

    private Value feed(String variable) {
        long[] shape = feedShapes.get(variable);
        if (shape == null || shape.length == 0 || shape[0] != batch || shape.length == 3 || shape.length > 4) {
            throw unsupported(variable, "its shape " + Arrays.toString(shape) + " has no batch axis of " + batch);
        }
        boolean image = shape.length == 4 && (shape[2] > 1 || shape[3] > 1);
        int channels = shape.length == 1 ? 1 : Math.toIntExact(shape[1]);
        Value value = image
                ? Value.image(variable, channels, Math.toIntExact(shape[2]), Math.toIntExact(shape[3]), false)
                : Value.vector(variable, channels, false);
        return add(new Node.Feed(value));
    }

    private Value compute(String variable) {
        SameDiffOp op = view.producer(variable);
        if (op == null) {
            throw unsupported(variable, "a parameter is used outside a layer");
        }
        return switch (GraphView.name(op)) {
            case "conv2d" -> conv(variable, op);
            case "add" -> sum(variable, op);
            case "subtract" -> pointwise(variable, op, Node.Pointwise.Op.SUBTRACT);
            case "multiply" -> pointwise(variable, op, Node.Pointwise.Op.MULTIPLY);
            case "mul_scalar" -> scale(variable, op, GraphView.constant(op));
            case "div_scalar" -> scale(variable, op, 1 / GraphView.constant(op));
            case "swish" -> silu(variable, op);
            case "square" -> square(variable, op);
            case "matmul" -> dense(variable, patterns.dense(variable));
            case "reshape" -> reshape(variable, op);
            case "identity" -> value(GraphView.input(op, 0));
            case "avgpool2d", "upsampling2d" -> resample(variable, op);
            case "concat" -> concat(variable, op);
            case "reduce_sum", "reduce_mean" -> reduce(variable, op);
            default -> throw unsupported(variable, "there is no typed form of " + GraphView.name(op));
        };
    }

    /** The value of a variable that holds something for each image. */
    private Value tensor(String variable) {
        Value value = value(variable);
        if (value.kind == Value.Kind.SCALAR) {
            throw unsupported(variable, "only a factor may follow a sum over the batch");
        }
        return value;
    }

    private Value image(String variable) {
        Value value = value(variable);
        if (value.kind != Value.Kind.IMAGE) {
            throw unsupported(variable, "it is " + value + ", not an image");
        }
        return value;
    }

    /** Shape of a variable in the SameDiff graph, batch axis included. */
    private long[] shape(String variable) {
        Value value = value(variable);
        if (value.kind == Value.Kind.IMAGE) {
            return shape(value);
        } else if (value.kind == Value.Kind.SCALAR) {
            return new long[0];
        } else if (!view.isTrained(variable)) {
            return feedShapes.get(variable);
        }
        SameDiffOp op = view.producer(variable);
        return switch (GraphView.name(op)) {
            case "reshape" -> reshaped(variable, op);
            case "reduce_sum" -> new long[] {batch};
            case "matmul" -> new long[] {batch, value.channels};
            default -> patterns.dense(variable) != null
                    ? new long[] {batch, value.channels}
                    : GraphView.inputs(op).stream()
                            .filter(input -> value(input).sameSize(value))
                            .map(this::shape)
                            .findFirst()
                            .orElseThrow(() -> unsupported(variable, "its shape is not clear"));
        };
    }

    private long[] shape(Value image) {
        return new long[] {batch, image.channels, image.height, image.width};
    }

    /** Target shape of a reshape op, with a size for -1. */
    private long[] reshaped(String variable, SameDiffOp op) {
        long[] shape = GraphView.shapeArgument(op).clone();
        long known = Arrays.stream(shape).filter(d -> d != -1).reduce(1, (p, q) -> p * q);
        if (shape.length == 0 || known <= 0) {
            throw unsupported(variable, "its shape is not fixed");
        }
        long total = batch * value(GraphView.input(op, 0)).elements();
        Arrays.setAll(shape, i -> shape[i] == -1 ? total / known : shape[i]);
        return shape;
    }

    private Value conv(String variable, SameDiffOp op) {
        ConvShape shape = ConvShape.of(op);
        boolean parameters = op.getInputsToOp().size() == 3
                && view.isParameter(GraphView.input(op, 1))
                && view.isParameter(GraphView.input(op, 2));
        if (shape == null || !parameters) {
            throw unsupported(variable, "it is not a convolution of stride 1 with a square kernel and a bias");
        }
        Value x = image(GraphView.input(op, 0));
        int out = Math.toIntExact(view.parameterShape(GraphView.input(op, 1))[3]);
        Value y = Value.image(variable, out, shape.output(x.height), shape.output(x.width), true);
        // oneDNN has only reference gradients for wider paddings than this.
        int margin = Math.max(0, shape.padding() - shape.size() / 2);
        return add(new Node.Conv(
                y,
                margin == 0 ? x : pad(variable, x, margin),
                GraphView.input(op, 1),
                GraphView.input(op, 2),
                new ConvShape(shape.size(), shape.padding() - margin)));
    }

    private Value pad(String variable, Value x, int margin) {
        int height = x.height + 2 * margin;
        int width = x.width + 2 * margin;
        Value padded = Value.image(variable + " padded", x.channels, height, width, x.differentiable);
        return add(new Node.Pad(padded, x, margin));
    }

    private Value sum(String variable, SameDiffOp op) {
        PatternMatcher.NormMatch norm = patterns.norm(variable);
        if (norm != null) {
            Value x = image(norm.x());
            boolean fits = x.channels % norm.groups() == 0
                    && view.parameterLength(norm.gamma()) == x.channels
                    && view.parameterLength(norm.beta()) == x.channels;
            if (!fits) {
                throw unsupported(variable, "its group norm does not scale each channel of " + x);
            }
            return add(new Node.Norm(
                    x.like(variable, true),
                    x,
                    null,
                    null,
                    norm.gamma(),
                    norm.beta(),
                    norm.groups(),
                    norm.epsilon(),
                    false));
        }
        PatternMatcher.AdaptMatch adapt = patterns.adapt(variable);
        if (adapt != null) {
            Value x = image(adapt.x());
            Value vector = tensor(adapt.vector());
            if (vector.channels != 2 * x.channels) {
                throw unsupported(variable, "its adaptive scale is not one for each channel of " + x);
            }
            return add(new Node.Adapt(x.like(variable, true), x, vector));
        }
        PatternMatcher.DenseMatch dense = patterns.dense(variable);
        if (dense != null) {
            return dense(variable, dense);
        }
        return pointwise(variable, op, Node.Pointwise.Op.ADD);
    }

    private Value dense(String variable, PatternMatcher.DenseMatch match) {
        if (match == null) {
            throw unsupported(variable, "it is not a product with a parameter");
        }
        Value x = value(match.x());
        if (x.kind != Value.Kind.VECTOR || shape(match.x()).length != 2) {
            throw unsupported(variable, "it multiplies " + x + ", not one vector for each image");
        }
        int out = Math.toIntExact(view.parameterShape(match.weight())[match.transposed() ? 0 : 1]);
        return add(
                new Node.Dense(Value.vector(variable, out, true), x, match.weight(), match.transposed(), match.bias()));
    }

    private Value pointwise(String variable, SameDiffOp op, Node.Pointwise.Op kind) {
        Value a = tensor(GraphView.input(op, 0));
        Value b = tensor(GraphView.input(op, 1));
        long[] shapeA = shape(GraphView.input(op, 0));
        long[] shapeB = shape(GraphView.input(op, 1));
        if (shapeA.length != shapeB.length || a.kind == b.kind && a.sameSize(b) && !Arrays.equals(shapeA, shapeB)) {
            throw unsupported(variable, "it broadcasts over the batch");
        }
        if (a == b && kind == Node.Pointwise.Op.MULTIPLY) {
            return add(new Node.Square(a.like(variable, a.differentiable), a));
        }
        boolean swap = kind != Node.Pointwise.Op.SUBTRACT
                && (a.elements() < b.elements() || a.elements() == b.elements() && !a.differentiable);
        Value first = swap ? b : a;
        Value second = swap ? a : b;
        Value y = first.like(variable, a.differentiable || b.differentiable);
        boolean sameSize = first.sameSize(second);
        boolean perChannel = first.kind == Value.Kind.IMAGE
                && second.kind == Value.Kind.VECTOR
                && Arrays.equals(swap ? shapeA : shapeB, new long[] {batch, first.channels, 1, 1});
        if (!sameSize && kind == Node.Pointwise.Op.ADD && perChannel) {
            return add(new Node.AddEmbedding(y, first, second));
        }
        boolean perImage = second.kind == Value.Kind.VECTOR && second.channels == 1 && !second.differentiable;
        if (!sameSize && !perImage) {
            throw unsupported(variable, "there is no typed form of " + kind + " between " + first + " and " + second);
        }
        return add(new Node.Pointwise(y, kind, first, second));
    }

    private Value scale(String variable, SameDiffOp op, double factor) {
        Value x = value(GraphView.input(op, 0));
        return x.kind == Value.Kind.SCALAR
                ? rescaleSum(variable, x, factor)
                : add(new Node.Scale(x.like(variable, x.differentiable), x, (float) factor));
    }

    /** A factor behind a sum over the batch belongs to the sum. */
    private Value rescaleSum(String variable, Value x, double factor) {
        Node.SumBatch sum = (Node.SumBatch)
                nodes.stream().filter(n -> n.output() == x).findFirst().orElseThrow();
        return add(new Node.SumBatch(Value.scalar(variable), sum.x(), sum.factor() * factor));
    }

    private Value silu(String variable, SameDiffOp op) {
        Value x = tensor(GraphView.input(op, 0));
        return add(new Node.Silu(x.like(variable, x.differentiable), x));
    }

    private Value square(String variable, SameDiffOp op) {
        Value x = tensor(GraphView.input(op, 0));
        return add(new Node.Square(x.like(variable, x.differentiable), x));
    }

    private Value reshape(String variable, SameDiffOp op) {
        PatternMatcher.AttentionMatch attention = patterns.attention(variable, batch);
        if (attention != null) {
            return attention(variable, op, attention);
        }
        PatternMatcher.BlurMatch blur = patterns.blur(variable);
        if (blur != null) {
            return blur(variable, blur);
        }
        String input = GraphView.input(op, 0);
        Value x = tensor(input);
        long[] shape = reshaped(variable, op);
        boolean flat = shape.length == 2 && shape[0] == batch && shape[1] == x.elements();
        if (x.kind == Value.Kind.IMAGE && flat) {
            return add(new Node.Flatten(Value.vector(variable, x.elements(), x.differentiable), x));
        }
        boolean same = x.kind == Value.Kind.VECTOR ? shape[0] == batch : Arrays.equals(shape, shape(input));
        if (!same) {
            throw unsupported(variable, "it reshapes " + x + " to " + Arrays.toString(shape));
        }
        return x;
    }

    private Value attention(String variable, SameDiffOp op, PatternMatcher.AttentionMatch match) {
        Value qkv = image(match.qkv());
        Value y = Value.image(variable, qkv.channels / 3, qkv.height, qkv.width, true);
        if (qkv.channels != 3 * match.heads() * match.headChannels()
                || !Arrays.equals(GraphView.shapeArgument(op), shape(y))) {
            throw unsupported(variable, "its attention does not split the channels of " + qkv);
        }
        return add(new Node.Attention(y, qkv, match.heads()));
    }

    private Value blur(String variable, PatternMatcher.BlurMatch match) {
        Value x = image(match.x());
        int height = match.conv().output(x.height);
        int width = match.conv().output(x.width);
        Value y = Value.image(variable, x.channels, height, width, x.differentiable);
        long[] planes = {batch * x.channels, 1, x.height, x.width};
        boolean eachAlone = Arrays.equals(match.planes(), planes) && Arrays.equals(match.images(), shape(y));
        if (!eachAlone || match.conv().padding() >= match.conv().size()) {
            throw unsupported(variable, "it does not filter each channel of " + x + " alone");
        }
        return add(new Node.Blur(y, x, match.filter(), match.conv().padding()));
    }

    private Value resample(String variable, SameDiffOp op) {
        boolean up = GraphView.name(op).equals("upsampling2d");
        long[] a = GraphView.integers(op);
        boolean byTwo = up
                ? a[0] == 2 && a[1] == 2 && a[2] == 1
                : a[0] == 2 && a[1] == 2 && a[2] == 2 && a[3] == 2 && a[4] == 0 && a[5] == 0 && a[10] == 0;
        Value x = image(GraphView.input(op, 0));
        if (!byTwo || !up && (x.height % 2 != 0 || x.width % 2 != 0)) {
            throw unsupported(variable, "it is not a resampling by two");
        }
        int height = up ? x.height * 2 : x.height / 2;
        int width = up ? x.width * 2 : x.width / 2;
        return add(new Node.Resample(Value.image(variable, x.channels, height, width, x.differentiable), x, up));
    }

    private Value concat(String variable, SameDiffOp op) {
        long[] a = GraphView.integers(op);
        List<Value> parts = op.getInputsToOp().stream().map(this::value).toList();
        boolean images = parts.stream().allMatch(p -> p.kind == Value.Kind.IMAGE);
        if (a.length != 1 || a[0] != 1 || !images) {
            throw unsupported(variable, "it does not concatenate the channels of images");
        }
        Value first = parts.get(0);
        int channels = parts.stream().mapToInt(p -> p.channels).sum();
        boolean differentiable = parts.stream().anyMatch(p -> p.differentiable);
        return add(new Node.Concat(Value.image(variable, channels, first.height, first.width, differentiable), parts));
    }

    private Value reduce(String variable, SameDiffOp op) {
        boolean mean = GraphView.name(op).equals("reduce_mean");
        int[] axes = GraphView.reducedAxes(op).clone();
        Arrays.sort(axes);
        boolean all = axes.length == 0 || axes[0] == Integer.MAX_VALUE;
        Value x = tensor(GraphView.input(op, 0));
        boolean pixels = Arrays.equals(axes, new int[] {1, 2, 3}) && x.kind == Value.Kind.IMAGE;
        if (pixels && !mean && !GraphView.keepsAxes(op)) {
            return add(new Node.SumImage(Value.vector(variable, 1, true), x));
        }
        if (!all || GraphView.keepsAxes(op)) {
            throw unsupported(variable, "there is no typed form of its reduction");
        }
        Value perImage =
                x.elements() == 1 ? x : add(new Node.SumImage(Value.vector(variable + " per image", 1, true), x));
        double factor = mean ? 1.0 / (batch * x.elements()) : 1;
        return add(new Node.SumBatch(Value.scalar(variable), perImage, factor));
    }

    private Value add(Node node) {
        nodes.add(node);
        return node.output();
    }

    private static UnsupportedGraphException unsupported(String variable, String why) {
        return new UnsupportedGraphException(variable + ": " + why);
    }
}

package org.patchdiffusion.model.engine.compiled.pass;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.patchdiffusion.model.engine.compiled.ir.AddVector;
import org.patchdiffusion.model.engine.compiled.ir.Feed;
import org.patchdiffusion.model.engine.compiled.ir.Node;
import org.patchdiffusion.model.engine.compiled.ir.Norm;
import org.patchdiffusion.model.engine.compiled.ir.Scale;
import org.patchdiffusion.model.engine.compiled.ir.ScaledAdd;
import org.patchdiffusion.model.engine.compiled.ir.TypedGraph;
import org.patchdiffusion.model.engine.compiled.ir.Unary;
import org.patchdiffusion.model.engine.compiled.ir.Value;

class FuseTest {
    private static final Norm.Settings SETTINGS = new Norm.Settings("gamma", "beta", 2, 1e-5, false);

    private final Value x = Value.image("x", 2, 8, 4, 4, true);
    private final Value skip = x.like("skip", true);
    private final Value embedding = Value.of("embedding", 2, DataType.FLOAT, new long[] {2, 8}, true);
    private final Norm norm = Norm.of("norm", x, SETTINGS);
    private final Unary silu = Unary.of("silu", norm.output(), Unary.Function.SILU);

    private static Map<String, Value> outputs(Value... values) {
        Map<String, Value> outputs = new LinkedHashMap<>();
        for (Value value : values) {
            outputs.put(value.name(), value);
        }
        return outputs;
    }

    private static List<Node> forward(List<Node> nodes, Value... outputs) {
        TypedGraph fused = Fuse.run(TypedGraph.forward(nodes, outputs(outputs), null));
        assertEquals(fused.nodes().size(), fused.forward());
        assertEquals(outputs(outputs), fused.outputs());
        return fused.nodes();
    }

    @Test
    void normTakesInTheSiluBehindIt() {
        List<Node> nodes = forward(List.of(new Feed(x), norm, silu), silu.output());
        assertEquals(2, nodes.size());
        Norm joined = (Norm) nodes.get(1);
        assertSame(silu.output(), joined.output());
        assertSame(x, joined.x());
        assertEquals(new Norm.Settings("gamma", "beta", 2, 1e-5, true), joined.settings());
    }

    @Test
    void normStaysAloneIfSomethingElseReadsItsResult() {
        Scale other = Scale.of("other", norm.output(), 2, 0);
        List<Node> before = List.of(new Feed(x), norm, other, silu);
        assertEquals(before, forward(before, silu.output(), other.output()));
        List<Node> behind = List.of(new Feed(x), norm, silu, other);
        assertEquals(behind, forward(behind, silu.output(), other.output()));
        List<Node> wanted = List.of(new Feed(x), norm, silu);
        assertEquals(wanted, forward(wanted, silu.output(), norm.output()));
    }

    @Test
    void aReaderThatNothingNeedsIsDroppedAndDoesNotHinder() {
        Scale other = Scale.of("other", norm.output(), 2, 0);
        List<Node> nodes = forward(List.of(new Feed(x), norm, other, silu), silu.output());
        assertEquals(2, nodes.size());
        assertSame(silu.output(), ((Norm) nodes.get(1)).output());
    }

    /** The stage runs twice, and a norm holds one embedding. */
    @Test
    void fusingAgainTakesInNoSecondEmbedding() {
        AddVector first = new AddVector(x.like("first", true), x, embedding);
        Value other = Value.of("other", 2, DataType.FLOAT, new long[] {2, 8}, true);
        AddVector second = new AddVector(x.like("second", true), first.output(), other);
        Norm behind = Norm.of("behind", second.output(), SETTINGS);
        List<Node> all = List.of(new Feed(x), new Feed(embedding), new Feed(other), first, second, behind);
        List<Node> once = forward(all, behind.output());
        Norm joined = (Norm) once.get(4);
        assertSame(first.output(), joined.x());
        assertSame(other, joined.shift());
        assertEquals(once, forward(once, behind.output()));
    }

    @Test
    void normTakesInNoOtherFunctionAndNoSecondSilu() {
        Unary tanh = Unary.of("tanh", norm.output(), Unary.Function.TANH);
        List<Node> other = List.of(new Feed(x), norm, tanh);
        assertEquals(other, forward(other, tanh.output()));
        Unary again = Unary.of("again", silu.output(), Unary.Function.SILU);
        List<Node> twice = forward(List.of(new Feed(x), norm, silu, again), again.output());
        assertEquals(3, twice.size());
        assertSame(silu.output(), ((Norm) twice.get(1)).output());
        assertSame(again, twice.get(2));
    }

    @Test
    void normTakesInTheEmbeddingBeforeItIfNothingElseReadsTheSum() {
        AddVector sum = new AddVector(x.like("sum", true), x, embedding);
        Norm behind = Norm.of("norm", sum.output(), SETTINGS);
        List<Node> graph = List.of(new Feed(x), new Feed(embedding), sum, behind);
        List<Node> nodes = forward(graph, behind.output());
        assertEquals(3, nodes.size());
        Norm joined = (Norm) nodes.get(2);
        assertSame(x, joined.x());
        assertSame(embedding, joined.shift());
        assertSame(behind.output(), joined.output());
        assertEquals(graph, forward(graph, behind.output(), sum.output()));
    }

    @Test
    void aSumTakesInTheFactorBehindItButNoOffset() {
        ScaledAdd sum = ScaledAdd.of("sum", x, skip);
        Scale scale = Scale.of("scale", sum.output(), 0.5, 0);
        List<Node> nodes = forward(List.of(new Feed(x), new Feed(skip), sum, scale), scale.output());
        assertEquals(new ScaledAdd(scale.output(), x, skip, 0.5f), nodes.get(2));
        assertEquals(3, nodes.size());
        Scale moved = Scale.of("scale", sum.output(), 0.5, 1);
        List<Node> graph = List.of(new Feed(x), new Feed(skip), sum, moved);
        assertEquals(graph, forward(graph, moved.output()));
    }

    // Backward: d norm / d x, to which the gradient of a skip connection is added and which then is scaled.

    private final Value dy = norm.output().gradientLike();
    private final Value dSkip = skip.gradientLike();
    private final Value dx = x.gradientLike();
    private final Value dEmbedding = embedding.gradientLike();
    private final Norm.Gradient gradient = new Norm.Gradient(dx, null, null, norm, dy, null, 1f, false, true);
    private final ScaledAdd sum = new ScaledAdd(x.like("sum", false), dSkip, dx, 1f);

    private List<Node> backward(List<Node> nodes, Value... outputs) {
        List<Node> all = new ArrayList<>(List.of(new Feed(x), new Feed(dy), new Feed(dSkip), norm));
        int forward = all.size();
        all.addAll(nodes);
        List<Value> wanted = new ArrayList<>(List.of(outputs));
        wanted.addAll(List.of(dy, dSkip));
        TypedGraph fused = Fuse.run(new TypedGraph(all, forward, outputs(wanted.toArray(Value[]::new)), null));
        assertEquals(forward, fused.forward());
        return fused.nodes().subList(forward, fused.nodes().size());
    }

    @Test
    void theGradientOfNormTakesInSumAndFactorBehindIt() {
        Scale scale = new Scale(x.like("scaled", false), sum.output(), 0.5f, 0f);
        List<Node> nodes = backward(List.of(gradient, sum, scale), scale.output());
        assertEquals(List.of(new Norm.Gradient(scale.output(), null, null, norm, dy, dSkip, 0.5f, false, true)), nodes);
    }

    /** (dx + more) · factor is another number than dx · factor + more. */
    @Test
    void aSumBehindTheFactorStays() {
        Scale scale = new Scale(x.like("scaled", false), dx, 0.5f, 0f);
        ScaledAdd behind = new ScaledAdd(x.like("sum", false), dSkip, scale.output(), 1f);
        List<Node> nodes = backward(List.of(gradient, scale, behind), behind.output());
        assertEquals(2, nodes.size());
        assertEquals(0.5f, ((Norm.Gradient) nodes.get(0)).factor());
        assertNull(((Norm.Gradient) nodes.get(0)).more());
        assertSame(behind, nodes.get(1));
    }

    @Test
    void theFactorStaysIfSomethingElseReadsTheGradient() {
        Scale scale = new Scale(x.like("scaled", false), dx, 0.5f, 0f);
        Unary other = Unary.of("other", dx, Unary.Function.TANH);
        List<Node> graph = List.of(gradient, scale, other);
        assertEquals(graph, backward(graph, scale.output(), other.output()));
        List<Node> wanted = List.of(gradient, scale);
        assertEquals(wanted, backward(wanted, scale.output(), dx));
    }

    /** The joined node would stand behind the one that reads the embedding's gradient. */
    @Test
    void theFactorStaysIfTheEmbeddingsGradientIsReadBefore() {
        Norm.Gradient both = new Norm.Gradient(dx, dEmbedding, null, norm, dy, null, 1f, false, false);
        Unary reader = Unary.of("reader", dEmbedding, Unary.Function.TANH);
        Scale scale = new Scale(x.like("scaled", false), dx, 0.5f, 0f);
        List<Node> early = List.of(both, reader, scale);
        assertEquals(early, backward(early, scale.output(), reader.output()));
        List<Node> late = List.of(both, scale, reader);
        assertEquals(
                List.of(both.times(scale.output(), 0.5f), reader), backward(late, scale.output(), reader.output()));
    }

    /** A factor on the embedding's gradient is none on the input's. */
    @Test
    void aFactorOnTheEmbeddingsGradientStays() {
        Norm.Gradient both = new Norm.Gradient(dx, dEmbedding, null, norm, dy, null, 1f, false, false);
        Scale scale = new Scale(embedding.like("scaled", false), dEmbedding, 0.5f, 0f);
        List<Node> graph = List.of(both, scale);
        assertEquals(graph, backward(graph, scale.output(), dx));
    }
}

package org.patchdiffusion.model.engine.compiled.pass;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.patchdiffusion.model.engine.compiled.ir.Dense;
import org.patchdiffusion.model.engine.compiled.ir.Feed;
import org.patchdiffusion.model.engine.compiled.ir.Node;
import org.patchdiffusion.model.engine.compiled.ir.ScaledAdd;
import org.patchdiffusion.model.engine.compiled.ir.SpreadBatch;
import org.patchdiffusion.model.engine.compiled.ir.SpreadImage;
import org.patchdiffusion.model.engine.compiled.ir.SumBatch;
import org.patchdiffusion.model.engine.compiled.ir.SumImage;
import org.patchdiffusion.model.engine.compiled.ir.TypedGraph;
import org.patchdiffusion.model.engine.compiled.ir.Unary;
import org.patchdiffusion.model.engine.compiled.ir.Value;

class DifferentiateTest {
    private final Value x = flat("x", 3, false);
    private final Value each = Value.of("each", 2, DataType.FLOAT, new long[] {2}, true);
    private final Value loss = Value.sum("loss", true);
    private final Dense first = Dense.of("first", x, "weight", false, 3, "bias");

    private static Value flat(String name, long length, boolean differentiable) {
        return Value.of(name, 2, DataType.FLOAT, new long[] {2, length}, differentiable);
    }

    /** The nodes behind the forward ones, of a graph that ends in a sum of a tensor over all. */
    private List<Node> backward(Value summed, Node... nodes) {
        List<Node> forward = new ArrayList<>(List.of(new Feed(x)));
        forward.addAll(List.of(nodes));
        forward.add(new SumImage(each, summed, 2f));
        forward.add(new SumBatch(loss, each, 0.25));
        TypedGraph graph = Differentiate.run(TypedGraph.forward(forward, Map.of("loss", loss), loss));
        assertEquals(forward.size(), graph.forward());
        assertEquals(forward, graph.nodes().subList(0, graph.forward()));
        return graph.nodes().subList(graph.forward(), graph.nodes().size());
    }

    private static <T extends Node> List<T> all(Class<T> kind, List<Node> nodes) {
        return nodes.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    @Test
    void aGraphWithoutLossStaysAsItIs() {
        TypedGraph graph = TypedGraph.forward(List.of(new Feed(x), first), Map.of("first", first.output()), null);
        assertSame(graph, Differentiate.run(graph));
    }

    @Test
    void goesFromTheLossToTheParametersAndNoFurther() {
        List<Node> nodes = backward(first.output(), first);
        assertEquals(3, nodes.size());
        SpreadBatch ofLoss = (SpreadBatch) nodes.get(0);
        assertEquals(0.25, ofLoss.number());
        SpreadImage ofEach = (SpreadImage) nodes.get(1);
        assertEquals(2f, ofEach.factor());
        assertEquals(ofLoss.outputs(), ofEach.inputs());
        Dense.WeightGradient ofWeight = (Dense.WeightGradient) nodes.get(2);
        assertSame(ofEach.output(), ofWeight.dy());
        assertSame(x, ofWeight.x());
        assertEquals(List.of("weight", "bias"), ofWeight.trained());
    }

    @Test
    void addsUpWhatSeveralReadersContribute() {
        Value h = first.output();
        Unary silu = Unary.of("silu", h, Unary.Function.SILU);
        Unary square = Unary.of("square", h, Unary.Function.SQUARE);
        ScaledAdd two = ScaledAdd.of("two", silu.output(), square.output());
        ScaledAdd three = ScaledAdd.of("three", two.output(), h);
        List<Node> nodes = backward(three.output(), first, silu, square, two, three);

        Value dy = all(SpreadImage.class, nodes).get(0).output();
        List<Unary.Gradient> functions = all(Unary.Gradient.class, nodes);
        assertEquals(2, functions.size());
        functions.forEach(function -> assertSame(dy, function.dy()));
        List<ScaledAdd> sums = all(ScaledAdd.class, nodes);
        assertEquals(2, sums.size());
        sums.forEach(sum -> assertEquals(1f, sum.factor()));
        assertSame(sums.get(0).output(), sums.get(1).a());
        Set<Value> added = Set.of(sums.get(0).a(), sums.get(0).b(), sums.get(1).b());
        assertEquals(Set.of(dy, functions.get(0).output(), functions.get(1).output()), added);
        assertSame(
                sums.get(1).output(),
                all(Dense.WeightGradient.class, nodes).get(0).dy());
    }

    @Test
    void aTensorReadTwiceByOneNodeGetsTwoContributions() {
        ScaledAdd twice = new ScaledAdd(first.output().like("twice", true), first.output(), first.output(), 0.5f);
        List<Node> nodes = backward(twice.output(), first, twice);
        ScaledAdd sum = all(ScaledAdd.class, nodes).get(0);
        assertSame(sum.a(), sum.b());
        assertSame(sum.output(), all(Dense.WeightGradient.class, nodes).get(0).dy());
    }

    @Test
    void laterWritersOfASharedParameterAdd() {
        Dense second = Dense.of("second", first.output(), "weight", false, 3, "other bias");
        Dense third = Dense.of("third", second.output(), "weight", false, 3, "bias");
        List<Dense.WeightGradient> writers =
                all(Dense.WeightGradient.class, backward(third.output(), first, second, third));
        // Backward, the last layer comes first.
        assertEquals(
                List.of(third, second, first),
                writers.stream().map(Dense.WeightGradient::dense).toList());
        assertEquals(
                List.of(false, true, true),
                writers.stream().map(Dense.WeightGradient::addWeight).toList());
        assertEquals(
                List.of(false, false, true),
                writers.stream().map(Dense.WeightGradient::addBias).toList());
    }

    @Test
    void whatTheLossDoesNotDependOnHasNoGradient() {
        Dense aside = Dense.of("aside", first.output(), "aside weight", false, 3, null);
        Unary squared = Unary.of("squared", x, Unary.Function.SQUARE);
        Dense behind = Dense.of("behind", squared.output(), "weight", false, 3, null);
        ScaledAdd sum = ScaledAdd.of("sum", first.output(), behind.output());
        List<Node> nodes = backward(sum.output(), first, aside, squared, behind, sum);
        assertEquals(
                List.of(behind, first),
                all(Dense.WeightGradient.class, nodes).stream()
                        .map(Dense.WeightGradient::dense)
                        .toList());
        // The square of an input depends on no parameter.
        assertEquals(List.of(), all(Unary.Gradient.class, nodes));
        assertEquals(List.of(), all(Dense.InputGradient.class, nodes));
    }
}

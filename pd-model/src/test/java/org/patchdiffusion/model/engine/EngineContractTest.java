package org.patchdiffusion.model.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.model.ParameterLayout;

/** What every engine must do, asked of all of them. */
class EngineContractTest {

    /**
     * An engine under test.
     *
     * @param tolerance largest relative error against stock SameDiff
     */
    record Candidate(String name, double tolerance) {
        Engine engine() {
            return Engines.byName(name);
        }

        boolean isCompiler() {
            return name.equals("exact") || name.equals("fast");
        }
    }

    static List<Candidate> engines() {
        return List.of(
                new Candidate("samediff", 0),
                new Candidate("generic", 1e-6),
                new Candidate("exact", 1e-4),
                new Candidate("fast", 1e-3));
    }

    static Stream<Arguments> enginesAndGraphs() {
        List<Supplier<TestGraphs.Case>> graphs =
                List.of(TestGraphs::network, TestGraphs::algebra, TestGraphs::indexing, TestGraphs::broadcasting);
        return engines().stream().flatMap(engine -> graphs.stream().map(graph -> Arguments.of(engine, graph.get())));
    }

    @ParameterizedTest
    @MethodSource("enginesAndGraphs")
    void givesTheNumbersOfSameDiff(Candidate candidate, TestGraphs.Case test) {
        Graph graph = test.graph();
        Map<String, INDArray> wantedGradients = reference(test);
        try (Engine engine = candidate.engine();
                Program program = engine.compile(graph)) {
            assertEquals(candidate.isCompiler(), program instanceof Profiled, "ran by the compiler");
            Gradients gradients = engine.newGradients(graph.parameters().layout());
            for (int run = 0; run < 2; run++) {
                Map<String, INDArray> wanted = graph.sameDiff().output(test.inputs(), graph.outputs());
                assertOutputs(candidate, wanted, program.forward(test.inputs()));
                assertOutputs(candidate, wanted, program.backward(test.inputs(), gradients));
                INDArray flat = gradients.sum();
                for (ParameterLayout.Entry entry : graph.parameters().layout().entries()) {
                    INDArray wantedGradient = wantedGradients.get(entry.name());
                    assertClose(entry.name(), wantedGradient, slice(flat, entry), candidate.tolerance());
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("enginesAndGraphs")
    void addsToWhatTheGradientHolds(Candidate candidate, TestGraphs.Case test) {
        Graph graph = test.graph();
        ParameterLayout layout = graph.parameters().layout();
        try (Engine engine = candidate.engine();
                Program program = engine.compile(graph)) {
            assertTrue(engine.threads() >= 1);
            Gradients gradients = engine.newAccumulator(layout);
            Map<String, INDArray> wanted = program.forward(test.inputs());
            assertOutputs(candidate, wanted, program.accumulate(test.inputs(), gradients));
            INDArray once = gradients.sum();
            assertClose("once", concatenated(layout, reference(test)), once, Math.max(1e-7, candidate.tolerance()));
            program.accumulate(test.inputs(), gradients);
            assertClose("twice", once.mul(2), gradients.sum(), 1e-6);
            gradients.parts().forEach(part -> part.assign(0.5));
            program.accumulate(test.inputs(), gradients);
            assertClose("more", once.add(0.5 * gradients.parts().size()), gradients.sum(), 1e-6);
            program.backward(test.inputs(), gradients);
            assertClose("anew", once, gradients.sum(), 1e-6);
        }
    }

    private static INDArray concatenated(ParameterLayout layout, Map<String, INDArray> byName) {
        INDArray flat = Nd4j.create(DataType.FLOAT, layout.length());
        for (ParameterLayout.Entry entry : layout.entries()) {
            if (byName.get(entry.name()) != null) {
                slice(flat, entry).assign(byName.get(entry.name()));
            }
        }
        return flat;
    }

    private static void assertOutputs(Candidate candidate, Map<String, INDArray> wanted, Map<String, INDArray> got) {
        assertEquals(wanted.keySet(), got.keySet());
        wanted.forEach((name, value) -> {
            assertArrayEquals(value.shape(), got.get(name).shape(), name);
            assertEquals(value.dataType(), got.get(name).dataType(), name);
            assertClose(name, value, got.get(name), candidate.tolerance());
        });
    }

    /** Straight from SameDiff, past our engine over it; null for a parameter without influence. */
    private static Map<String, INDArray> reference(TestGraphs.Case test) {
        Graph graph = test.graph();
        graph.sameDiff().setLossVariables(graph.loss());
        List<String> names = graph.parameters().layout().entries().stream()
                .map(ParameterLayout.Entry::name)
                .toList();
        return graph.sameDiff().calculateGradients(test.inputs(), names);
    }

    private static INDArray slice(INDArray flat, ParameterLayout.Entry entry) {
        return flat.get(NDArrayIndex.interval(entry.offset(), entry.offset() + entry.length()))
                .reshape('c', entry.shape());
    }

    private static void assertClose(String name, INDArray wanted, INDArray got, double tolerance) {
        if (wanted == null) {
            assertEquals(0, got.norm2Number().doubleValue(), name + " must be zero");
            return;
        }
        INDArray want = wanted.castTo(DataType.DOUBLE);
        double error = want.sub(got.castTo(DataType.DOUBLE)).norm2Number().doubleValue();
        double norm = want.norm2Number().doubleValue();
        assertTrue(norm > 0, name + " is zero: the test shows nothing");
        assertTrue(error <= tolerance * norm, name + ": relative error " + error / norm);
    }

    @ParameterizedTest
    @MethodSource("engines")
    void agreesWithTheClosedForm(Candidate candidate) {
        TestGraphs.Case test = TestGraphs.closedForm();
        Graph graph = test.graph();
        INDArray x = test.inputs().get("x");
        INDArray w = graph.parameters().view("w");
        try (Engine engine = candidate.engine();
                Program program = engine.compile(graph)) {
            Gradients gradients = engine.newGradients(graph.parameters().layout());
            gradients.parts().forEach(part -> part.assign(Float.NaN));
            for (int run = 0; run < 2; run++) {
                w.addi(run); // as an optimizer would between two runs
                Map<String, INDArray> outputs = program.backward(test.inputs(), gradients);
                assertClose("y", x.mul(w), outputs.get("y"), 1e-6);
                assertEquals(
                        x.mul(w).norm2Number().doubleValue(),
                        Math.sqrt(outputs.get("loss").getDouble(0)),
                        1e-5);
                INDArray wanted = w.mul(x).muli(x).muli(2);
                ParameterLayout layout = graph.parameters().layout();
                assertClose("w", wanted, slice(gradients.sum(), layout.get("w")), 1e-6);
                assertClose("unused", null, slice(gradients.sum(), layout.get("unused")), 0);
                assertClose("y", x.mul(w), program.forward(test.inputs()).get("y"), 1e-6);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("engines")
    void readsInputsInAnyMemoryOrder(Candidate candidate) {
        TestGraphs.Case test = TestGraphs.closedForm();
        try (Engine engine = candidate.engine();
                Program program = engine.compile(test.graph())) {
            INDArray wanted = program.forward(test.inputs()).get("y").dup();
            INDArray columnMajor = test.inputs().get("x").dup('f');
            assertClose("y", wanted, program.forward(Map.of("x", columnMajor)).get("y"), 1e-7);
            INDArray transposed = test.inputs().get("x").permute(1, 0).dup('c').permute(1, 0);
            assertClose("y", wanted, program.forward(Map.of("x", transposed)).get("y"), 1e-7);
        }
    }

    @ParameterizedTest
    @MethodSource("engines")
    void refusesInputsThatDoNotFit(Candidate candidate) {
        TestGraphs.Case test = TestGraphs.closedForm();
        try (Engine engine = candidate.engine();
                Program program = engine.compile(test.graph())) {
            Gradients gradients = engine.newGradients(test.graph().parameters().layout());
            assertRefused("input x is missing", () -> program.forward(Map.of()));
            assertRefused("input x is missing", () -> program.backward(Map.of(), gradients));
            assertRefused(
                    "input x is FLOAT [2, 3]; expected FLOAT [3, 2]",
                    () -> program.forward(Map.of("x", Nd4j.create(DataType.FLOAT, 2, 3))));
            assertRefused(
                    "input x is DOUBLE [3, 2]; expected FLOAT [3, 2]",
                    () -> program.forward(Map.of("x", Nd4j.create(DataType.DOUBLE, 3, 2))));
            Map<String, INDArray> more = new HashMap<>(test.inputs());
            more.put("labels", Nd4j.scalar(1f));
            assertRefused("no placeholder named labels", () -> program.forward(more));
            ParameterLayout other = ParameterLayout.builder().add("w", 3).build();
            Gradients foreign = Gradients.zeros(other, 1);
            assertRefused("another layout", () -> program.backward(test.inputs(), foreign));
        }
    }

    @ParameterizedTest
    @MethodSource("engines")
    void refusesGraphsThatDoNotFit(Candidate candidate) {
        try (Engine engine = candidate.engine()) {
            refuseGraphsThatDoNotFit(engine);
        }
    }

    private static void refuseGraphsThatDoNotFit(Engine engine) {
        Graph good = TestGraphs.closedForm().graph();
        assertRefused(
                "no variable named nothing",
                () -> engine.compile(new Graph(good.sameDiff(), good.parameters(), List.of("nothing"), null)));
        assertRefused(
                "no variable named nothing",
                () -> engine.compile(new Graph(good.sameDiff(), good.parameters(), List.of("y"), "nothing")));
        good.sameDiff().placeHolder("free", DataType.FLOAT, -1, 2);
        assertRefused("placeholder free has the shape [-1, 2]", () -> engine.compile(good));

        Graph stranger = TestGraphs.closedForm().graph();
        stranger.sameDiff().var("extra", Nd4j.create(DataType.FLOAT, 2));
        assertRefused("variable extra is not among the parameters", () -> engine.compile(stranger));
    }

    @ParameterizedTest
    @MethodSource("engines")
    void runsOnlyForwardWithoutALoss(Candidate candidate) {
        TestGraphs.Case test = TestGraphs.closedForm();
        Graph graph = new Graph(test.graph().sameDiff(), test.graph().parameters(), List.of("y"), null);
        try (Engine engine = candidate.engine();
                Program program = engine.compile(graph)) {
            Gradients gradients = engine.newGradients(graph.parameters().layout());
            assertEquals(1, program.forward(test.inputs()).size());
            IllegalStateException refusal =
                    assertThrows(IllegalStateException.class, () -> program.backward(test.inputs(), gradients));
            assertTrue(refusal.getMessage().contains("names no loss"), refusal.getMessage());
            Gradients accumulator = engine.newAccumulator(graph.parameters().layout());
            assertThrows(IllegalStateException.class, () -> program.accumulate(test.inputs(), accumulator));
        }
    }

    @ParameterizedTest
    @MethodSource("engines")
    void refusesToRunWhenClosed(Candidate candidate) {
        TestGraphs.Case test = TestGraphs.closedForm();
        try (Engine engine = candidate.engine()) {
            Program program = engine.compile(test.graph());
            Gradients gradients = engine.newGradients(test.graph().parameters().layout());
            program.close();
            program.close();
            assertClosed("the program is closed", () -> program.forward(test.inputs()));
            assertClosed("the program is closed", () -> program.backward(test.inputs(), gradients));
            Gradients accumulator = engine.newAccumulator(gradients.layout());
            assertClosed("the program is closed", () -> program.accumulate(test.inputs(), accumulator));
        }
    }

    @ParameterizedTest
    @MethodSource("engines")
    void doesNothingMoreWhenItsEngineIsClosed(Candidate candidate) {
        TestGraphs.Case test = TestGraphs.closedForm();
        Engine engine = candidate.engine();
        try (Program program = engine.compile(test.graph())) {
            Gradients gradients = engine.newGradients(test.graph().parameters().layout());
            program.forward(test.inputs());
            engine.close();
            engine.close();
            assertClosed("the engine is closed", () -> engine.compile(test.graph()));
            assertClosed("the engine is closed", () -> program.forward(test.inputs()));
            assertClosed("the engine is closed", () -> program.backward(test.inputs(), gradients));
        }
    }

    /** What was closed is memory of somebody else by now. */
    @ParameterizedTest
    @MethodSource("engines")
    void refusesArraysThatAreClosed(Candidate candidate) {
        TestGraphs.Case test = TestGraphs.closedForm();
        try (Engine engine = candidate.engine();
                Program program = engine.compile(test.graph())) {
            Gradients gradients = engine.newGradients(test.graph().parameters().layout());
            program.backward(test.inputs(), gradients);
            gradients.parts().get(0).close();
            assertRefused("part 0 of a gradient is closed", () -> program.backward(test.inputs(), gradients));
            INDArray closed = test.inputs().get("x").dup();
            closed.close();
            assertRefused("input x is closed", () -> program.forward(Map.of("x", closed)));
            Gradients others = engine.newGradients(test.graph().parameters().layout());
            test.graph().parameters().flat().close();
            String parameters = "the buffer of the graph's parameters is closed";
            for (Runnable run : List.<Runnable>of(
                    () -> program.forward(test.inputs()), () -> program.backward(test.inputs(), others))) {
                String refusal =
                        assertThrows(IllegalStateException.class, run::run).getMessage();
                assertTrue(refusal.contains(parameters), refusal);
            }
        }
    }

    private static void assertClosed(String message, Runnable action) {
        assertEquals(
                message, assertThrows(IllegalStateException.class, action::run).getMessage());
    }

    @Test
    void findsEnginesByName() {
        assertEquals("generic", Engines.byName("generic").name());
        assertEquals("samediff", Engines.byName("samediff").name());
        assertTrue(Engines.names().contains(Engines.best().name()));
        assertRefused("there is no engine named turbo; choose one of samediff, generic", () -> Engines.byName("turbo"));
    }

    @Test
    void computesOnTheNumberOfThreadsThatItIsGiven() {
        for (String name : List.of("exact", "fast")) {
            try (Engine engine = Engines.byName(name, 3)) {
                assertEquals(3, engine.threads());
                assertEquals(name, engine.name());
                ParameterLayout layout = ParameterLayout.builder().add("w", 2).build();
                assertEquals(3, engine.newGradients(layout).parts().size());
            }
        }
        assertRefused("an engine on -1 threads, expected at least 1", () -> Engines.byName("generic", -1));
        assertRefused("there is no engine named turbo", () -> Engines.byName("turbo", 2));
    }

    @Test
    void genericProgramsReturnTheSameArraysEachTime() {
        TestGraphs.Case test = TestGraphs.closedForm();
        try (Program program = new GenericEngine().compile(test.graph())) {
            assertSame(
                    program.forward(test.inputs()).get("y"),
                    program.forward(test.inputs()).get("y"));
        }
    }

    private static void assertRefused(String part, Runnable action) {
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, action::run);
        assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
    }
}

package org.patchdiffusion.model.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Several programs over one SameDiff instance, and outputs that share a value. */
class SharedGraphTest {

    private static Graph graph() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 2, 3);
        SDVariable w = sd.var("w", Nd4j.valueArrayOf(new long[] {3}, 2f));
        SDVariable y = x.mul("y", w);
        sd.identity("again", y);
        y.mul(y).sum("loss");
        return Graph.of(sd, List.of("y", "again", "x", "loss"), "loss");
    }

    @ParameterizedTest
    @ValueSource(strings = {"samediff", "generic", "exact", "fast"})
    void givesOneValueUnderTwoNames(String engine) {
        Graph graph = graph();
        INDArray x = Nd4j.createFromArray(new float[][] {{1, 2, 3}, {4, 5, 6}});
        try (Engine chosen = Engines.byName(engine);
                Program program = chosen.compile(graph)) {
            Gradients gradients = chosen.newGradients(graph.parameters().layout());
            for (Map<String, INDArray> outputs :
                    List.of(program.forward(Map.of("x", x)), program.backward(Map.of("x", x), gradients))) {
                assertEquals(x.mul(2), outputs.get("y"));
                assertEquals(x.mul(2), outputs.get("again"));
                assertEquals(x, outputs.get("x"));
                assertEquals(4 * 91, outputs.get("loss").getDouble(0));
            }
            assertEquals(Nd4j.createFromArray(68f, 116f, 180f), gradients.sum());
        }
    }

    /** Each program of its own thread and loss: d sum(y²) / dw = 2 w Σ x², whatever the others do. */
    @ParameterizedTest
    @ValueSource(strings = {"samediff", "generic", "exact", "fast"})
    void servesSeveralProgramsAtOnce(String engine) throws Exception {
        Graph graph = graph();
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Future<Boolean>> right = new ArrayList<>();
            for (int thread = 1; thread <= 2; thread++) {
                INDArray x = Nd4j.valueArrayOf(new long[] {2, 3}, (float) thread);
                INDArray wanted = Nd4j.valueArrayOf(new long[] {3}, 8f * thread * thread);
                right.add(threads.submit(() -> {
                    boolean all = true;
                    for (int round = 0; round < 5; round++) {
                        try (Engine chosen = Engines.byName(engine);
                                Program program = chosen.compile(graph)) {
                            Gradients gradients =
                                    chosen.newGradients(graph.parameters().layout());
                            for (int run = 0; run < 10; run++) {
                                program.backward(Map.of("x", x), gradients);
                                all &= wanted.equals(gradients.sum());
                            }
                        }
                    }
                    return all;
                }));
            }
            assertTrue(right.get(0).get());
            assertTrue(right.get(1).get());
        } finally {
            threads.shutdown();
        }
    }

    /** Where no plan can hold a graph, the best engine still runs it. */
    @Test
    void runsControlFlowBySameDiffItself() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 1);
        SDVariable w = sd.var("w", Nd4j.ones(DataType.FLOAT, 1));
        String name = sd.ifCond("either", null, g -> x.sum().lt(10), g -> x.add(w), g -> x.sub(w))
                .name();
        Graph graph = Graph.of(sd, List.of(name), null);
        try (Engine engine = Engines.best();
                Program program = engine.compile(graph)) {
            assertEquals(
                    3,
                    program.forward(Map.of("x", Nd4j.createFromArray(2f)))
                            .get(name)
                            .getFloat(0));
            assertEquals(
                    19,
                    program.forward(Map.of("x", Nd4j.createFromArray(20f)))
                            .get(name)
                            .getFloat(0));
        }
    }
}

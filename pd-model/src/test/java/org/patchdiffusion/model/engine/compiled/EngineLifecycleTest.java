package org.patchdiffusion.model.engine.compiled;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.engine.Accuracy;
import org.patchdiffusion.model.engine.Engine;
import org.patchdiffusion.model.engine.GenericEngine;
import org.patchdiffusion.model.engine.Gradients;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.Program;
import org.patchdiffusion.model.engine.compiled.run.CompiledProgram;

/** What engines and programs hold, and for how long. */
class EngineLifecycleTest {
    private static final int CHANNELS = 4;
    private static final int SIDE = 8;

    /** The mean square of a convolution for each image, and the sum of these. */
    static Graph graph(int batch, int wide) {
        Nd4j.getRandom().setSeed(5);
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, batch, CHANNELS, SIDE, SIDE);
        SDVariable kernel = sd.var(
                "kernel", Nd4j.randn(DataType.FLOAT, 3, 3, CHANNELS, wide).muli(0.3));
        SDVariable bias = sd.var("bias", Nd4j.randn(DataType.FLOAT, wide));
        Conv2DConfig config = Conv2DConfig.builder().kH(3).kW(3).pH(1).pW(1).build();
        SDVariable y = sd.nn().swish(sd.cnn().conv2d(x, kernel, bias, config));
        SDVariable each = sd.mean("each", sd.math().square(y), 1, 2, 3);
        sd.sum("loss", each);
        return Graph.of(sd, List.of("each", "loss"), "loss");
    }

    static Map<String, INDArray> inputs(int batch, int seed) {
        Nd4j.getRandom().setSeed(seed);
        return Map.of("x", Nd4j.randn(DataType.FLOAT, batch, CHANNELS, SIDE, SIDE));
    }

    /** Everything that a backward run gives, one after the other. */
    static float[] run(Program program, Map<String, INDArray> inputs, Gradients gradients) {
        Map<String, INDArray> outputs = program.backward(inputs, gradients);
        INDArray each = outputs.get("each");
        INDArray loss = outputs.get("loss").reshape(1);
        return Nd4j.concat(0, each, loss, gradients.sum()).toFloatVector();
    }

    private static Set<Thread> replicaThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("patch-diffusion"))
                .collect(Collectors.toSet());
    }

    @Test
    void closingEndsTheThreads() {
        Set<Thread> before = replicaThreads();
        Graph graph = graph(3, 8);
        Engine engine = new CompiledEngine(Accuracy.FAST, 3);
        try (Program program = engine.compile(graph)) {
            run(program, inputs(3, 1), engine.newGradients(graph.parameters().layout()));
            Set<Thread> during = replicaThreads();
            during.removeAll(before);
            assertEquals(3, during.size());
            engine.close();
            during.forEach(thread -> assertEnds(thread));
        }
    }

    /** The pool is over a moment before its thread is. */
    private static void assertEnds(Thread thread) {
        try {
            thread.join(10_000);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        assertTrue(!thread.isAlive(), thread.getName());
    }

    /** A program here holds more than 1 MiB, so that 800 that were kept would be far over the bounds. */
    @Test
    void aThousandEnginesAndProgramsLeaveNothingBehind() {
        Set<Thread> before = replicaThreads();
        Graph graph = graph(4, 16);
        Map<String, INDArray> inputs = inputs(4, 1);
        Gradients gradients = Gradients.zeros(graph.parameters().layout(), 2);
        float[] want = rounds(20, graph, inputs, gradients);
        long counted = collected();
        // Soon enough to say so before memory runs out.
        assertArrayEquals(want, rounds(60, graph, inputs, gradients));
        long early = collected() - counted;
        assertTrue(early < 64 << 20, "counted memory grew by " + early);
        assertArrayEquals(want, rounds(120, graph, inputs, gradients));
        long resident = Pointer.physicalBytes();
        assertArrayEquals(want, rounds(800, graph, inputs, gradients));
        long countedGrowth = collected() - counted;
        long growth = Pointer.physicalBytes() - resident;
        long held = heldByAProgram(graph);
        assertTrue(held > 1 << 20, "a program holds only " + held);
        assertTrue(countedGrowth < 64 << 20, "counted memory grew by " + countedGrowth);
        assertTrue(growth < 1 << 30, "the process grew by " + growth);
        Set<Thread> after = replicaThreads();
        after.removeAll(before);
        after.forEach(thread -> assertEnds(thread));
    }

    private static float[] rounds(int count, Graph graph, Map<String, INDArray> inputs, Gradients gradients) {
        float[] last = null;
        for (int i = 0; i < count; i++) {
            try (Engine engine = new CompiledEngine(Accuracy.FAST, 2);
                    Program program = engine.compile(graph)) {
                assertInstanceOf(CompiledProgram.class, program);
                last = run(program, inputs, gradients);
            }
        }
        return last;
    }

    private static long heldByAProgram(Graph graph) {
        long before = collected();
        try (Engine engine = new CompiledEngine(Accuracy.FAST, 2);
                Program program = engine.compile(graph)) {
            assertInstanceOf(CompiledProgram.class, program);
            return Pointer.totalBytes() - before;
        }
    }

    private static long collected() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return Pointer.totalBytes();
    }

    @Test
    void twoProgramsOfOneGraphDoNotDisturbEachOther() throws Exception {
        Graph graph = graph(6, 16);
        List<Map<String, INDArray>> inputs = List.of(inputs(6, 1), inputs(6, 2));
        ExecutorService callers = Executors.newFixedThreadPool(2);
        try (Engine engine = new CompiledEngine(Accuracy.FAST, 2);
                Program one = engine.compile(graph);
                Program other = engine.compile(graph)) {
            List<Program> programs = List.of(one, other);
            List<Callable<Void>> tasks = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                Program program = programs.get(i);
                Map<String, INDArray> own = inputs.get(i);
                Gradients gradients = engine.newGradients(graph.parameters().layout());
                float[] alone = run(program, own, gradients);
                tasks.add(() -> {
                    for (int round = 0; round < 200; round++) {
                        assertArrayEquals(alone, run(program, own, gradients));
                    }
                    return null;
                });
            }
            for (Future<Void> task : callers.invokeAll(tasks)) {
                task.get();
            }
        } finally {
            callers.shutdown();
        }
    }

    /** By one engine, and by two. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void oneGraphIsCompiledOnTwoThreadsAtOnce(boolean shared) throws Exception {
        Graph graph = graph(6, 16);
        List<Map<String, INDArray>> inputs = List.of(inputs(6, 1), inputs(6, 2));
        ExecutorService callers = Executors.newFixedThreadPool(2);
        CyclicBarrier together = new CyclicBarrier(2);
        try (Engine one = new CompiledEngine(Accuracy.FAST, 2);
                Engine other = new CompiledEngine(Accuracy.FAST, 2)) {
            List<Callable<Void>> tasks = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                Engine engine = shared || i == 0 ? one : other;
                Map<String, INDArray> own = inputs.get(i);
                float[] alone = compileAndRun(engine, graph, own);
                tasks.add(() -> {
                    for (int round = 0; round < 30; round++) {
                        together.await();
                        assertArrayEquals(alone, compileAndRun(engine, graph, own));
                    }
                    return null;
                });
            }
            for (Future<Void> task : callers.invokeAll(tasks)) {
                task.get();
            }
        } finally {
            callers.shutdown();
        }
    }

    private static float[] compileAndRun(Engine engine, Graph graph, Map<String, INDArray> inputs) {
        try (Program program = engine.compile(graph)) {
            assertInstanceOf(CompiledProgram.class, program);
            return run(program, inputs, engine.newGradients(graph.parameters().layout()));
        }
    }

    /** A sum over the batch that each replica knows its part of, next to numbers that each knows its own of. */
    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4})
    void sumsOverTheBatchStayInTheirPlace(int threads) {
        Graph graph = graph(16, 8);
        Map<String, INDArray> inputs = inputs(16, 3);
        try (Engine engine = new CompiledEngine(Accuracy.EXACT, threads);
                Program program = engine.compile(graph)) {
            assertInstanceOf(CompiledProgram.class, program);
            Gradients gradients = engine.newGradients(graph.parameters().layout());
            float[] want = run(program, inputs, gradients);
            double sum = 0;
            for (int i = 0; i < 16; i++) {
                assertNotEquals(0, want[i]);
                sum += want[i];
            }
            assertEquals(sum, want[16], 1e-5 * sum);
            for (int round = 0; round < 200; round++) {
                assertArrayEquals(want, run(program, inputs, gradients));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 4", "3, 4", "2, 16"})
    void anEngineMayHaveMoreThreadsThanImages(int batch, int threads) {
        Graph graph = graph(batch, 8);
        Map<String, INDArray> inputs = inputs(batch, 4);
        float[] want;
        try (Engine engine = new GenericEngine();
                Program program = engine.compile(graph)) {
            want = run(program, inputs, engine.newGradients(graph.parameters().layout()));
        }
        try (Engine engine = new CompiledEngine(Accuracy.EXACT, threads);
                Program program = engine.compile(graph)) {
            Gradients gradients = engine.newGradients(graph.parameters().layout());
            gradients.parts().forEach(part -> part.assign(1e9));
            assertEquals(threads, gradients.parts().size());
            assertArrayEquals(want, run(program, inputs, gradients), 1e-4f);
        }
    }
}

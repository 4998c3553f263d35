package org.patchdiffusion.model.engine.compiled;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.engine.Accuracy;
import org.patchdiffusion.model.engine.GenericEngine;
import org.patchdiffusion.model.engine.Graph;
import org.patchdiffusion.model.engine.Program;
import org.patchdiffusion.model.engine.compiled.ir.UnsupportedGraphException;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;
import org.patchdiffusion.model.engine.compiled.run.CompiledProgram;
import org.patchdiffusion.model.engine.compiled.run.Replica;
import org.patchdiffusion.model.engine.compiled.run.Workers;

/** The second replica of a program fails when everything else is there already. */
class CompileFailureTest {
    private final Graph graph = EngineLifecycleTest.graph(4, 16);
    private final FailingWorkers workers = new FailingWorkers();

    /** Two workers, the second of which makes its replica and then fails. */
    private static final class FailingWorkers extends Workers {
        private Throwable failure;
        /** Whether it fails when its steps are bound to memory, rather than when they are planned. */
        private boolean binding = true;

        private int mostFailures = Integer.MAX_VALUE;
        private int failed;

        FailingWorkers() {
            super(2);
        }

        @Override
        public <T> List<T> run(int nativeThreads, List<Callable<T>> tasks) {
            return super.run(
                    nativeThreads, tasks.size() < 2 ? tasks : List.of(tasks.get(0), () -> second(tasks.get(1))));
        }

        private <T> T second(Callable<T> task) throws Exception {
            T result = task.call();
            if (result instanceof Replica != binding || failed == mostFailures) {
                return result;
            }
            if (failure instanceof Error error) {
                failed++;
                throw error;
            }
            if (failure instanceof RuntimeException exception) {
                failed++;
                throw exception;
            }
            return result;
        }
    }

    @AfterEach
    void closeWorkers() {
        workers.close();
    }

    private Compiler compiler() {
        return new Compiler(OneDnn.find().orElseThrow(), Accuracy.FAST, workers);
    }

    /** A program here holds more than 256 KiB, so that 100 that were kept would be far over the bound. */
    @Test
    void everythingThatWasMadeIsClosed() {
        try (CompiledProgram whole = compiler().compile(List.of(graph)).get(0)) {
            assertTrue(whole.bytes() > 1 << 18, "a program holds only " + whole.bytes());
        }
        workers.failure = new IllegalStateException("no second replica");
        failRounds(10);
        long before = collected();
        failRounds(100);
        long growth = collected() - before;
        assertTrue(growth < 16 << 20, "110 failures left " + growth + " bytes behind");
        assertEquals(110, workers.failed);
    }

    private void failRounds(int rounds) {
        for (int i = 0; i < rounds; i++) {
            assertSame(workers.failure, assertThrows(IllegalStateException.class, () -> compiler()
                    .compile(List.of(graph))));
        }
    }

    private static long collected() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return Pointer.totalBytes();
    }

    /** An op without a fast form is left to ND4J once; if that does not help, the graph cannot be compiled. */
    @Test
    void anOpIsRefusedOnlyOnce() {
        workers.binding = false;
        workers.failure = new UnsupportedGraphException("each", "no fast form");
        assertSame(workers.failure, assertThrows(UnsupportedGraphException.class, () -> compiler()
                .compile(List.of(graph))));
        assertEquals(2, workers.failed);
    }

    /** The first attempt has packed the weights already: the second must not use what was freed with it. */
    @Test
    void aGraphIsRightAfterAnOpWasRefused() {
        workers.binding = false;
        workers.mostFailures = 1;
        workers.failure = new UnsupportedGraphException("each", "no fast form");
        try (CompiledEngine engine = new CompiledEngine(Accuracy.EXACT, workers);
                Program program = engine.compile(graph);
                GenericEngine plans = new GenericEngine();
                Program plan = plans.compile(graph)) {
            assertEquals(1, workers.failed);
            assertFalse(assertInstanceOf(CompiledProgram.class, program)
                    .foreignOps()
                    .isEmpty());
            Map<String, INDArray> inputs = EngineLifecycleTest.inputs(4, 1);
            ParameterLayout layout = graph.parameters().layout();
            float[] expected = EngineLifecycleTest.run(plan, inputs, plans.newGradients(layout));
            float[] actual = EngineLifecycleTest.run(program, inputs, engine.newGradients(layout));
            assertArrayEquals(expected, actual, 1e-5f);
        }
    }

    @Test
    void theEngineFallsBackToThePlan() {
        workers.failure = new IllegalStateException("no second replica");
        try (CompiledEngine engine = new CompiledEngine(Accuracy.FAST, workers);
                Program program = engine.compile(graph);
                GenericEngine plans = new GenericEngine();
                Program plan = plans.compile(graph)) {
            assertInstanceOf(plan.getClass(), program);
            Map<String, INDArray> inputs = EngineLifecycleTest.inputs(4, 1);
            ParameterLayout layout = graph.parameters().layout();
            assertArrayEquals(
                    EngineLifecycleTest.run(plan, inputs, plans.newGradients(layout)),
                    EngineLifecycleTest.run(program, inputs, engine.newGradients(layout)));
        }
    }

    /** A plan needs as much memory again: the caller has to know. */
    @Test
    void theEngineSaysWhenMemoryRunsOut() {
        workers.failure = new OutOfMemoryError("no memory for the second replica");
        try (CompiledEngine engine = new CompiledEngine(Accuracy.FAST, workers)) {
            assertSame(workers.failure, assertThrows(OutOfMemoryError.class, () -> engine.compile(graph)));
            workers.failure = null;
            try (Program program = engine.compile(graph)) {
                assertInstanceOf(CompiledProgram.class, program);
            }
        }
    }
}

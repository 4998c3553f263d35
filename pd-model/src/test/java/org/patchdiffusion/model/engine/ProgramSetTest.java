package org.patchdiffusion.model.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.DiffusionModel;
import org.patchdiffusion.model.ModelConfig;
import org.patchdiffusion.model.UNetConfig;
import org.patchdiffusion.model.engine.compiled.CompiledEngine;
import org.patchdiffusion.model.precond.EdmPreconditioning;

/** Programs of one set share memory and still give the bits of programs that are alone. */
class ProgramSetTest {
    private static final int BATCH = 4;
    private static final List<Integer> SIDES = List.of(8, 16, 32);

    // 20 channels: the blocks of a vector register have padding.
    private final DiffusionModel model = model(20);

    private static DiffusionModel model(int channels) {
        DiffusionModel model = DiffusionModel.create(
                new ModelConfig(
                        UNetConfig.ddpmpp(32, 3)
                                .modelChannels(channels)
                                .channelMult(List.of(1, 2))
                                .numBlocks(1)
                                .attnResolutions(List.of(16))
                                .dropout(0)
                                .build(),
                        EdmPreconditioning.standard(),
                        32,
                        32),
                new Random(3));
        INDArray flat = model.parameters().flat();
        flat.addi(random(new Random(5), -0.5, flat.length()).muli(0.1));
        return model;
    }

    private static INDArray random(Random random, double from, long... shape) {
        INDArray array = Nd4j.create(DataType.FLOAT, shape);
        for (long i = 0; i < array.length(); i++) {
            array.putScalar(i, from + random.nextDouble());
        }
        return array;
    }

    private static Map<String, INDArray> inputs(int side, double noise) {
        Random random = new Random(side);
        Map<String, INDArray> inputs = new HashMap<>();
        inputs.put("y", random(random, -0.5, BATCH, 3, side, side));
        inputs.put("noise", random(random, -0.5, BATCH, 3, side, side).muli(noise));
        inputs.put("pos", random(random, -0.5, BATCH, 2, side, side));
        inputs.put("sigma", random(random, 0.5, BATCH));
        inputs.put("weight", random(random, 0.5, BATCH));
        return inputs;
    }

    private List<Graph> graphs() {
        return SIDES.stream().map(side -> model.lossGraph(BATCH, side, side)).toList();
    }

    /** Loss and gradient of a run, as bits. */
    private record Result(float loss, INDArray gradient) {

        static Result of(Engine engine, DiffusionModel model, Program program, Map<String, INDArray> inputs) {
            Gradients gradients = engine.newGradients(model.parameters().layout());
            float loss = program.backward(inputs, gradients).get("loss").getFloat(0);
            return new Result(loss, gradients.sum().dup());
        }

        void requireSameBits(Result other, String what) {
            assertEquals(Float.floatToRawIntBits(loss), Float.floatToRawIntBits(other.loss), what);
            assertTrue(gradient.norm2Number().doubleValue() > 0 && gradient.equalsWithEps(other.gradient, 0), what);
        }
    }

    private List<Result> alone(Engine engine) {
        List<Result> results = new ArrayList<>();
        for (int i = 0; i < SIDES.size(); i++) {
            try (Program program = engine.compile(graphs().get(i))) {
                results.add(Result.of(engine, model, program, inputs(SIDES.get(i), 1)));
            }
        }
        return results;
    }

    @ParameterizedTest
    @ValueSource(strings = {"exact", "fast", "generic"})
    void programsOfASetGiveTheBitsOfProgramsThatAreAlone(String name) {
        try (Engine engine = Engines.byName(name)) {
            List<Result> alone = alone(engine);
            try (ProgramSet set = engine.compile(graphs())) {
                for (int i : new int[] {0, 2, 1, 0, 1, 2, 2, 0}) {
                    Result.of(engine, model, set.programs().get(i), inputs(SIDES.get(i), 1))
                            .requireSameBits(alone.get(i), name + ", patches of " + SIDES.get(i));
                }
            }
        }
    }

    @Test
    void whatARunWithoutFiniteNumbersLeavesBehindDoesNotReachTheNext() {
        try (Engine engine = Engines.byName("fast")) {
            List<Result> alone = alone(engine);
            try (ProgramSet set = engine.compile(graphs())) {
                for (int i = 0; i < SIDES.size(); i++) {
                    Program program = set.programs().get(i);
                    Map<String, INDArray> broken = inputs(SIDES.get(i), Float.POSITIVE_INFINITY);
                    assertFalse(Float.isFinite(
                            Result.of(engine, model, program, broken).loss()));
                    for (int k = 0; k < SIDES.size(); k++) {
                        Result.of(engine, model, set.programs().get(k), inputs(SIDES.get(k), 1))
                                .requireSameBits(alone.get(k), "patches of " + SIDES.get(k));
                    }
                }
            }
        }
    }

    @Test
    void threadsThatUseProgramsOfASetTakeTurns() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(SIDES.size());
        try (Engine engine = Engines.byName("fast")) {
            List<Result> alone = alone(engine);
            try (ProgramSet set = engine.compile(graphs())) {
                for (int round = 0; round < 5; round++) {
                    List<Future<Result>> futures = new ArrayList<>();
                    for (int i = 0; i < SIDES.size(); i++) {
                        Program program = set.programs().get(i);
                        Map<String, INDArray> inputs = inputs(SIDES.get(i), 1);
                        futures.add(threads.submit(() -> Result.of(engine, model, program, inputs)));
                    }
                    for (int i = 0; i < SIDES.size(); i++) {
                        futures.get(i).get().requireSameBits(alone.get(i), "patches of " + SIDES.get(i));
                    }
                }
            }
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void aSetTakesLittleMoreMemoryThanItsLargestProgram() {
        assumeTrue(CompiledEngine.isAvailable());
        try (Engine engine = Engines.byName("fast");
                Program largest = engine.compile(graphs().get(2));
                ProgramSet set = engine.compile(graphs())) {
            assertTrue(largest.bytes() > 4L << 20, "bytes: " + largest.bytes());
            assertTrue(set.bytes() >= largest.bytes());
            assertTrue(set.bytes() <= 1.1 * largest.bytes(), set.bytes() + " against " + largest.bytes());
        }
    }

    @Test
    void memoryIsFreedWithTheLastProgramOfASet() {
        assumeTrue(CompiledEngine.isAvailable());
        try (Engine engine = Engines.byName("fast")) {
            long before = Pointer.totalBytes();
            ProgramSet set = engine.compile(graphs());
            Result kept = Result.of(engine, model, set.programs().get(1), inputs(16, 1));
            set.programs().get(2).close();
            set.programs().get(0).close();
            Result.of(engine, model, set.programs().get(1), inputs(16, 1)).requireSameBits(kept, "the one left");
            assertThrows(
                    IllegalStateException.class, () -> set.programs().get(0).forward(inputs(8, 1)));
            assertTrue(Pointer.totalBytes() - before > set.bytes() / 2);
            set.close();
            kept.gradient().close();
            assertTrue(Pointer.totalBytes() - before < set.bytes() / 4, "left: " + (Pointer.totalBytes() - before));
        }
    }

    @Test
    void aGraphThatCannotBeCompiledLeavesNothingBehind() {
        try (Engine engine = Engines.byName("fast")) {
            List<Graph> graphs = new ArrayList<>(graphs());
            graphs.add(new Graph(graphs.get(0).sameDiff(), model.parameters(), List.of("no such output"), null));
            long bytes;
            try (ProgramSet set = engine.compile(graphs())) {
                bytes = set.bytes();
            }
            long before = Pointer.totalBytes();
            for (int i = 0; i < 5; i++) {
                assertThrows(IllegalArgumentException.class, () -> engine.compile(graphs));
            }
            // Five sets, if nothing was freed; small native objects wait for the garbage collector.
            assertTrue(Pointer.totalBytes() - before < bytes, "left: " + (Pointer.totalBytes() - before));
        }
    }
}

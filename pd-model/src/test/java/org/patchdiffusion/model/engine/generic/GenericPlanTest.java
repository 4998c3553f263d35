package org.patchdiffusion.model.engine.generic;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.ScalarOp;
import org.nd4j.linalg.api.ops.impl.scalar.ScalarMultiplication;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class GenericPlanTest {

    @Test
    void runsAPartOfAGraphOnArraysThatChange() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 2, 3);
        SDVariable scaled = x.mul("scaled", sd.constant(Nd4j.scalar(2f)).mul(3));
        SDVariable flat = sd.reshape("flat", scaled, 3, 2);
        sd.mmul("product", flat, scaled);
        INDArray fed = Nd4j.createFromArray(new float[][] {{1, 2, 3}, {4, 5, 6}});
        try (GenericPlan plan = GenericPlan.of(sd, Map.of("x", fed), List.of("flat", "product"))) {
            assertEquals(2, plan.calls(), "the product of constants and the reshape cost nothing");
            plan.run();
            assertArrayEquals(
                    new float[] {6, 12, 18, 24, 30, 36},
                    plan.array("flat").ravel().toFloatVector());
            INDArray product = plan.array("product");
            fed.muli(2);
            plan.run();
            INDArray twelve = fed.mul(6);
            assertEquals(twelve.reshape(3, 2).mmul(twelve), product);
        }
    }

    @Test
    void startsFromAnyVariable() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 2);
        SDVariable middle = sd.math().exp("middle", x);
        middle.add("y", 1);
        INDArray fed = Nd4j.createFromArray(10f, 20f);
        try (GenericPlan plan = GenericPlan.of(sd, Map.of("middle", fed), List.of("y", "middle"))) {
            assertEquals(1, plan.calls());
            plan.run();
            assertArrayEquals(new float[] {11, 21}, plan.array("y").toFloatVector());
            assertArrayEquals(new float[] {10, 20}, plan.array("middle").toFloatVector());
        }
    }

    @Test
    void drawsAnewInEachRun() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 50);
        sd.random().normal(0, 1, DataType.FLOAT, 50).add("y", x);
        try (GenericPlan plan = GenericPlan.of(sd, Map.of("x", Nd4j.zeros(DataType.FLOAT, 50)), List.of("y"))) {
            plan.run();
            INDArray first = plan.array("y").dup();
            plan.run();
            assertNotEquals(first, plan.array("y"));
        }
    }

    @Test
    void readsConstantsInAnyMemoryOrder() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 6);
        INDArray columnMajor =
                Nd4j.createFromArray(new float[][] {{1, 2, 3}, {4, 5, 6}}).dup('f');
        sd.reshape(sd.constant(columnMajor), 6).mul("y", x);
        try (GenericPlan plan = GenericPlan.of(sd, Map.of("x", Nd4j.ones(DataType.FLOAT, 6)), List.of("y"))) {
            plan.run();
            assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, plan.array("y").toFloatVector());
        }
    }

    /** Constants are read where they are, so a slice of another array and a transposed one must not be taken as they lie. */
    @Test
    void readsConstantsThatAreViewsOfOthers() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 2, 2);
        INDArray base = Nd4j.createFromArray(new float[][] {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}});
        INDArray[] constants = {
            base.get(NDArrayIndex.interval(1, 3), NDArrayIndex.interval(0, 2)), // 4 5 7 8, with gaps
            base.get(NDArrayIndex.interval(1, 3), NDArrayIndex.interval(0, 2)).transpose(),
            Nd4j.createFromArray(new float[][] {{1, 2}, {3, 4}}).dup('f'),
            Nd4j.createFromArray(new float[][] {{1, 2}, {3, 4}}).permute(1, 0)
        };
        float[][] wanted = {{4, 5, 7, 8}, {4, 7, 5, 8}, {1, 2, 3, 4}, {1, 3, 2, 4}};
        List<String> names = new ArrayList<>();
        for (int i = 0; i < constants.length; i++) {
            SDVariable constant = sd.constant("c" + i, constants[i].dup());
            // Past the copy that constant(...) makes.
            sd.getConstantArrays().setArray("c" + i, constants[i]);
            names.add(x.mul("product" + i, constant).name());
            names.add(sd.reshape("flat" + i, constant, 4)
                    .mul("flat product" + i, sd.reshape(x, 4))
                    .name());
        }
        try (GenericPlan plan = GenericPlan.of(sd, Map.of("x", Nd4j.ones(DataType.FLOAT, 2, 2)), names)) {
            plan.run();
            for (int i = 0; i < names.size(); i++) {
                assertArrayEquals(
                        wanted[i / 2], plan.array(names.get(i)).ravel().toFloatVector(), names.get(i));
            }
        }
    }

    @Test
    void readsFedArraysInAnyMemoryOrderAnewInEachRun() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 2, 3);
        SDVariable t = sd.placeHolder("t", DataType.FLOAT, 2, 3);
        sd.reshape("flat", x.add(t), 6).mul("y", 2);
        sd.reshape("seen", x, 6);
        INDArray columnMajor =
                Nd4j.createFromArray(new float[][] {{1, 2, 3}, {4, 5, 6}}).dup('f');
        INDArray transposed = Nd4j.createFromArray(new float[][] {{0, 10}, {20, 30}, {40, 50}})
                .permute(1, 0);
        Map<String, INDArray> fed = Map.of("x", columnMajor, "t", transposed);
        try (GenericPlan plan = GenericPlan.of(sd, fed, List.of("y", "seen"))) {
            plan.run();
            assertArrayEquals(
                    new float[] {2, 44, 86, 28, 70, 112}, plan.array("y").toFloatVector());
            columnMajor.addi(100);
            transposed.assign(0);
            plan.run();
            assertArrayEquals(
                    new float[] {202, 204, 206, 208, 210, 212}, plan.array("y").toFloatVector());
            assertArrayEquals(
                    new float[] {101, 102, 103, 104, 105, 106},
                    plan.array("seen").toFloatVector());
        }
    }

    /** Ops that take a second input as a setting; ND4J wants it inside the op object, which the graph shares. */
    private static SameDiff settings() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 2, 3);
        sd.placeHolder("factor", DataType.FLOAT);
        ScalarMultiplication product = new ScalarMultiplication(sd, x, 1);
        sd.getOps().get(product.getOwnName()).setInputsToOp(List.of("x", "factor"));
        product.outputVariable().add("y", 0);
        return sd;
    }

    @Test
    void plansOfOneGraphRunAtTheSameTime() throws Exception {
        SameDiff sd = settings();
        INDArray x = Nd4j.ones(DataType.FLOAT, 2, 3);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Future<Integer>> wrong = new ArrayList<>();
            for (int thread = 0; thread < 2; thread++) {
                float factor = thread + 2;
                wrong.add(threads.submit(() -> {
                    int count = 0;
                    for (int round = 0; round < 20; round++) {
                        Map<String, INDArray> fed = Map.of("x", x, "factor", Nd4j.scalar(factor));
                        try (GenericPlan plan = GenericPlan.of(sd, fed, List.of("y"))) {
                            for (int run = 0; run < 200; run++) {
                                plan.run();
                                count += plan.array("y").getFloat(1, 2) == factor ? 0 : 1;
                            }
                        }
                    }
                    return count;
                }));
            }
            assertEquals(0, wrong.get(0).get());
            assertEquals(0, wrong.get(1).get());
        } finally {
            threads.shutdown();
        }
        ScalarOp op = (ScalarOp) sd.getOps().values().iterator().next().getOp();
        assertEquals(1, op.scalar().getInt(0), "the graph's own op stays as it was");
    }

    @Test
    void holdsThousandsOfOps() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 4);
        for (int i = 0; i < 3000; i++) {
            x = i % 2 == 0 ? x.add(1) : sd.reshape(x, i % 4 == 1 ? new long[] {2, 2} : new long[] {4});
        }
        try (GenericPlan plan = GenericPlan.of(sd, Map.of("x", Nd4j.zeros(DataType.FLOAT, 4)), List.of(x.name()))) {
            plan.run();
            assertEquals(1500, plan.calls());
            assertArrayEquals(
                    new float[] {1500, 1500, 1500, 1500}, plan.array(x.name()).toFloatVector());
        }
    }

    @Test
    void givesOneValueUnderTwoNames() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 3);
        SDVariable y = x.mul("y", 2);
        sd.identity("again", y).add("after", 1);
        sd.identity("input", x);
        List<String> wanted = List.of("y", "again", "y", "input", "after");
        try (GenericPlan plan = GenericPlan.of(sd, Map.of("x", Nd4j.createFromArray(1f, 2f, 3f)), wanted)) {
            plan.run();
            assertArrayEquals(new float[] {2, 4, 6}, plan.array("y").toFloatVector());
            assertArrayEquals(new float[] {2, 4, 6}, plan.array("again").toFloatVector());
            assertArrayEquals(new float[] {1, 2, 3}, plan.array("input").toFloatVector());
            assertArrayEquals(new float[] {3, 5, 7}, plan.array("after").toFloatVector());
        }
    }

    /** SameDiff itself fails here: ND4J's executioner skips the reduction. */
    @Test
    void reducesAVectorAlongAnAxisOfLengthOne() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 3, 1);
        sd.mean("mean", x, 1);
        sd.sum("sum", x, true, -1);
        INDArray fed = Nd4j.createFromArray(new float[][] {{1}, {2}, {3}});
        try (GenericPlan plan = GenericPlan.of(sd, Map.of("x", fed), List.of("mean", "sum"))) {
            plan.run();
            assertArrayEquals(new long[] {3}, plan.array("mean").shape());
            assertArrayEquals(new long[] {3, 1}, plan.array("sum").shape());
            assertArrayEquals(new float[] {1, 2, 3}, plan.array("mean").toFloatVector());
            assertArrayEquals(new float[] {1, 2, 3}, plan.array("sum").ravel().toFloatVector());
        }
    }

    @Test
    void replacesSlowFunctionsWithoutLosingAccuracy() {
        UnaryOperator<Double> sigmoid = v -> 1 / (1 + Math.exp(-v));
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.var("x", Nd4j.linspace(DataType.FLOAT, -20, 0.37, 110));
        sd.sum(
                "loss",
                sd.nn()
                        .swish("swish", x)
                        .add(sd.nn().sigmoid("sigmoid", x))
                        .add(sd.math().tanh("tanh", x)));
        sd.setLossVariables("loss");
        sd.createGradFunction();
        SameDiff grad = sd.getFunction("grad");
        String gradient = x.gradient().name();
        INDArray fed = x.getArr();
        Map<String, INDArray> given = Map.of("x", fed, "one-var", Nd4j.scalar(1f));
        try (GenericPlan plan = GenericPlan.of(grad, given, List.of("swish", "sigmoid", "tanh", gradient))) {
            plan.run();
            for (int i = 0; i < fed.length(); i++) {
                double v = fed.getDouble(i);
                double s = sigmoid.apply(v);
                double t = Math.tanh(v);
                assertEquals(v * s, plan.array("swish").getDouble(i), 2e-6);
                assertEquals(s, plan.array("sigmoid").getDouble(i), 5e-7);
                assertEquals(t, plan.array("tanh").getDouble(i), 5e-7);
                double slope = s + v * s * (1 - s) + s * (1 - s) + 1 - t * t;
                assertEquals(slope, plan.array(gradient).getDouble(i), 2e-6);
            }
        }
    }

    @Test
    void usesMemoryAgain() {
        SameDiff sd = SameDiff.create();
        SDVariable y = sd.placeHolder("x", DataType.FLOAT, 1000);
        for (int i = 0; i < 40; i++) {
            y = sd.math().sin(y);
        }
        String last = y.name();
        INDArray fed = Nd4j.ones(DataType.FLOAT, 1000);
        try (GenericPlan plan = GenericPlan.of(sd, Map.of("x", fed), List.of(last))) {
            assertEquals(40, plan.calls());
            assertTrue(plan.bytes() <= 3 * 4096, plan.bytes() + " bytes for a chain of 4,000-byte results");
        }
    }

    @Test
    void givesItsMemoryBack() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 1 << 20);
        sd.math().sin("y", x);
        INDArray fed = Nd4j.ones(DataType.FLOAT, 1 << 20);
        for (int i = 0; i < 5; i++) {
            GenericPlan.of(sd, Map.of("x", fed), List.of("y")).close();
        }
        long before = Pointer.physicalBytes();
        for (int i = 0; i < 100; i++) {
            GenericPlan.of(sd, Map.of("x", fed), List.of("y")).close();
        }
        assertTrue(Pointer.physicalBytes() - before < 100L << 20, "100 plans of 4 MiB left their memory behind");
    }

    @Test
    void saysWhatItCannotDo() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 4);
        SDVariable w = sd.var("w", Nd4j.ones(DataType.FLOAT, 4));
        SDVariable n = sd.placeHolder("n", DataType.INT64, 2);
        x.mul("y", w);
        sd.reshape("z", x, n);
        INDArray fed = Nd4j.ones(DataType.FLOAT, 4);
        assertMessage("the graph has no variable named nothing", sd, Map.of("x", fed), "nothing");
        assertMessage("no array was given for the variable w that the graph reads", sd, Map.of("x", fed), "y");
        assertMessage(
                "cannot plan op reshape that makes z: the shape of its result depends on the contents of n",
                sd,
                Map.of("x", fed, "n", Nd4j.createFromArray(2L, 2L)),
                "z");
        assertMessage(
                "the array for x is FLOAT [3], but the graph declares FLOAT [4]",
                sd,
                Map.of("x", Nd4j.ones(DataType.FLOAT, 3), "w", fed),
                "y");
        SDVariable a = sd.placeHolder("a", DataType.FLOAT, 2, 3);
        SDVariable b = sd.placeHolder("b", DataType.FLOAT, 4, 2);
        sd.mmul("misfit", a, b);
        assertMessage(
                "cannot plan op matmul that makes misfit: ",
                sd,
                Map.of("a", Nd4j.ones(DataType.FLOAT, 2, 3), "b", Nd4j.ones(DataType.FLOAT, 4, 2)),
                "misfit");
    }

    @Test
    void refusesControlFlow() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 2);
        SDVariable condition = sd.placeHolder("condition", DataType.BOOL);
        SDVariable y = sd.switchOp(x, condition)[0].add("y", 1);
        assertMessage(
                "control flow, tensor lists and calls of other graphs cannot be planned",
                sd,
                Map.of("x", Nd4j.ones(DataType.FLOAT, 2), "condition", Nd4j.scalar(true)),
                y.name());
    }

    @Test
    void isOfNoUseWhenClosed() {
        SameDiff sd = SameDiff.create();
        sd.placeHolder("x", DataType.FLOAT, 2).add("y", 1);
        GenericPlan plan = GenericPlan.of(sd, Map.of("x", Nd4j.ones(DataType.FLOAT, 2)), List.of("y"));
        assertThrows(IllegalArgumentException.class, () -> plan.array("x"));
        plan.close();
        plan.close();
        assertThrows(IllegalStateException.class, plan::run);
        assertThrows(IllegalStateException.class, () -> plan.array("y"));
    }

    private static void assertMessage(String part, SameDiff sd, Map<String, INDArray> fed, String wanted) {
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> GenericPlan.of(sd, fed, List.of(wanted)));
        assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
    }
}

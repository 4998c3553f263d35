package org.patchdiffusion.model.engine.generic;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

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

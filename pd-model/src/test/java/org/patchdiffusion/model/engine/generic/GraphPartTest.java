package org.patchdiffusion.model.engine.generic;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.custom.Zeta;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

class GraphPartTest {

    /** With y = exp(a) ⊙ b + a: the product of g with its Jacobian is g ⊙ (exp(a) ⊙ b + 1), g ⊙ exp(a). */
    @Test
    void agreesWithTheClosedForm() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 2, 3);
        SDVariable a = sd.math().sin("a", x);
        SDVariable b = sd.var("b", Nd4j.create(DataType.FLOAT, 2, 3));
        sd.math().exp("e", a).mul("product", b).add("y", a).mul("after", 2);
        Set<String> before = Set.copyOf(sd.getVariables().keySet());
        INDArray fedA = random(1, 2, 3);
        INDArray fedB = random(2, 2, 3);
        try (GraphPart part = GraphPart.of(sd, Map.of("a", fedA, "b", fedB), List.of("y"), Set.of("a", "b"))) {
            INDArray y = part.output("y");
            for (int run = 0; run < 2; run++) {
                fedA.addi(run);
                INDArray g = random(3 + run, 2, 3);
                part.outputGradient("y").assign(g);
                part.backward();
                part.forward();
                INDArray e = Transforms.exp(fedA, true);
                assertClose(e.mul(fedB).add(fedA), y);
                assertClose(e.mul(fedB).add(1).mul(g), part.inputGradient("a"));
                assertClose(e.mul(g), part.inputGradient("b"));
            }
            assertSame(y, part.output("y"));
        }
        assertFalse(sd.hasGradientFunction(), "the graph itself stays as it is");
        assertEquals(before, Set.copyOf(sd.getVariables().keySet()));
        assertEquals(5, sd.getOps().size());
    }

    /** The ops that a part of somebody's graph is likely to hold, several outputs, some read on, of several types. */
    private static SameDiff zoo() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 4, 6);
        SDVariable w = sd.var("w", Nd4j.create(DataType.FLOAT, 6, 5));
        SDVariable c = sd.constant("c", random(11, 5, 4).dup('f').permute(1, 0));
        SDVariable[] halves = sd.split(new String[] {"left", "right"}, x, 2, 1);
        SDVariable[] rows = sd.unstack(new String[] {"r0", "r1", "r2", "r3"}, x, 0, 4);
        SDVariable isLarge = x.gt("large", 0.1);
        SDVariable masked = x.mul("masked", isLarge.castTo(DataType.FLOAT));
        sd.argmax("best", x, 1);
        SDVariable product = sd.mmul("mm", masked, w);
        SDVariable soft = sd.nn().softmax("soft", product.mul(c), -1);
        soft.add("out", sd.math().tanh(product).mul(0.3)).add("more", 1);
        sd.concat("joined", 0, rows[1], rows[3]).mul("scaled", sd.mean(halves[1]));
        sd.reshape("wide", sd.stack(0, rows[0], rows[2]), 3, 4);
        masked.castTo("precise", DataType.DOUBLE).mul("squares", masked.castTo(DataType.DOUBLE));
        return sd;
    }

    private static final List<String> ZOO_OUTPUTS =
            List.of("out", "soft", "scaled", "wide", "best", "large", "squares", "x", "more");

    @Test
    void agreesWithStockSameDiff() {
        SameDiff sd = zoo();
        INDArray x = random(21, 4, 6);
        INDArray w = random(22, 6, 5);
        try (GraphPart part = GraphPart.of(sd, Map.of("x", x, "w", w), ZOO_OUTPUTS, Set.of("x", "w"))) {
            part.forward();
            Map<String, INDArray> vectors = fillGradients(part, ZOO_OUTPUTS);
            part.backward();

            SameDiff stock = zoo();
            stock.getVariable("w").getArr().assign(w);
            Map<String, INDArray> placeholders = new HashMap<>(Map.of("x", x));
            SDVariable loss = null;
            for (Map.Entry<String, INDArray> vector : vectors.entrySet()) {
                String name = "v-" + vector.getKey();
                placeholders.put(name, vector.getValue());
                SDVariable term = stock.getVariable(vector.getKey())
                        .mul(stock.placeHolder(
                                name,
                                vector.getValue().dataType(),
                                vector.getValue().shape()))
                        .sum()
                        .castTo(DataType.FLOAT);
                loss = loss == null ? term : loss.add(term);
            }
            Map<String, INDArray> wanted = stock.output(placeholders, ZOO_OUTPUTS);
            ZOO_OUTPUTS.forEach(name -> {
                assertEquals(wanted.get(name).dataType(), part.output(name).dataType());
                assertClose(wanted.get(name), part.output(name));
            });
            stock.setLossVariables(loss.name());
            stock.createGradFunction("x", "w");
            Map<String, INDArray> gradients = stock.calculateGradients(placeholders, "x", "w");
            assertClose(gradients.get("x"), part.inputGradient("x"));
            assertClose(gradients.get("w"), part.inputGradient("w"));
        }
    }

    @Test
    void agreesWithFiniteDifferences() {
        SameDiff sd = zoo();
        INDArray x = random(31, 4, 6);
        INDArray w = random(32, 6, 5);
        List<String> outputs = List.of("out", "scaled", "wide", "squares");
        try (GraphPart part = GraphPart.of(sd, Map.of("x", x, "w", w), outputs, Set.of("x", "w"))) {
            Map<String, INDArray> vectors = fillGradients(part, outputs);
            part.backward();
            for (INDArray input : List.of(x, w)) {
                INDArray gradient = part.inputGradient(input == x ? "x" : "w");
                INDArray direction = random(33, input.shape());
                double slope = gradient.mul(direction).sumNumber().doubleValue();
                double h = 1e-3;
                input.addi(direction.mul(h));
                double above = weighted(part, vectors);
                input.subi(direction.mul(2 * h));
                double below = weighted(part, vectors);
                input.addi(direction.mul(h));
                double measured = (above - below) / (2 * h);
                assertTrue(Math.abs(slope) > 0.1, "the direction shows nothing");
                assertEquals(measured, slope, 5e-3 * Math.abs(slope) + 2e-3);
            }
        }
    }

    private static double weighted(GraphPart part, Map<String, INDArray> vectors) {
        part.forward();
        return vectors.entrySet().stream()
                .mapToDouble(e -> part.output(e.getKey())
                        .castTo(DataType.DOUBLE)
                        .mul(e.getValue().castTo(DataType.DOUBLE))
                        .sumNumber()
                        .doubleValue())
                .sum();
    }

    private static Map<String, INDArray> fillGradients(GraphPart part, List<String> outputs) {
        Map<String, INDArray> vectors = new LinkedHashMap<>();
        int seed = 40;
        for (String name : outputs) {
            INDArray output = part.output(name);
            if (output.dataType().isFPType()) {
                INDArray vector = random(seed++, output.shape()).castTo(output.dataType());
                part.outputGradient(name).assign(vector);
                vectors.put(name, vector);
            } else {
                assertThrows(IllegalArgumentException.class, () -> part.outputGradient(name));
            }
        }
        return vectors;
    }

    @Test
    void givesZerosWhereNothingDepends() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 3);
        SDVariable z = sd.placeHolder("z", DataType.FLOAT, 2);
        SDVariable n = sd.placeHolder("n", DataType.INT32, 3);
        x.mul("y", n.castTo(DataType.FLOAT));
        z.gt("sign", 0).castTo("signs", DataType.FLOAT).mul("stepped", 2);
        Map<String, INDArray> inputs = Map.of("x", random(1, 3), "z", random(2, 2), "n", Nd4j.createFromArray(2, 3, 4));
        try (GraphPart part = GraphPart.of(sd, inputs, List.of("y", "stepped"), Set.of("x", "z"))) {
            part.outputGradient("y").assign(1);
            part.outputGradient("stepped").assign(1);
            part.backward();
            assertArrayEquals(new float[] {2, 3, 4}, part.inputGradient("x").toFloatVector());
            assertArrayEquals(new float[] {0, 0}, part.inputGradient("z").toFloatVector());
        }
        try (GraphPart part = GraphPart.of(sd, inputs, List.of("stepped"), Set.of("z"))) {
            part.backward();
            assertArrayEquals(new float[] {0, 0}, part.inputGradient("z").toFloatVector());
        }
    }

    /** One output of an op is given, another has to be computed. */
    @Test
    void computesAnOpOfWhichOneResultIsGiven() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 4);
        SDVariable[] halves = sd.split(new String[] {"left", "right"}, x, 2, 0);
        halves[0].mul("y", halves[1]);
        Map<String, INDArray> inputs =
                Map.of("x", Nd4j.createFromArray(1f, 2f, 3f, 4f), "left", Nd4j.createFromArray(10f, 20f));
        try (GraphPart part = GraphPart.of(sd, inputs, List.of("y"), Set.of("x", "left"))) {
            part.forward();
            assertArrayEquals(new float[] {30, 80}, part.output("y").toFloatVector());
            part.outputGradient("y").assign(1);
            part.backward();
            assertArrayEquals(new float[] {3, 4}, part.inputGradient("left").toFloatVector());
            assertArrayEquals(
                    new float[] {0, 0, 10, 20}, part.inputGradient("x").toFloatVector());
        }
    }

    @Test
    void saysWhatItCannotDo() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 3);
        sd.placeHolder("n", DataType.INT32, 3);
        x.mul("y", sd.random().normal(0, 1, DataType.FLOAT, 3)).add("noisy", 1);
        sd.math().exp("e", x);
        new Zeta(sd, sd.getVariable("e").add(1), x).outputVariable().add("end", 1);
        Map<String, INDArray> inputs = Map.of("x", random(1, 3), "n", Nd4j.createFromArray(2, 3, 4));
        assertRefused("the gradient of z was asked for, which is not an input", sd, inputs, "e", Set.of("z"));
        assertRefused("the gradient of n was asked for, which is INT, not float32", sd, inputs, "e", Set.of("n"));
        assertRefused("draws random numbers", sd, inputs, "noisy", Set.of("x"));
        assertRefused("cannot differentiate op zeta that makes zeta", sd, inputs, "end", Set.of("x"));
        assertRefused("the graph has no variable named nothing", sd, inputs, "nothing", Set.of());
        assertRefused("no array was given for the placeholder x", sd, Map.of(), "e", Set.of());
        try (GraphPart part = GraphPart.of(sd, inputs, List.of("end"), Set.of())) {
            assertThrows(IllegalStateException.class, part::backward);
            assertThrows(IllegalArgumentException.class, () -> part.inputGradient("x"));
            assertThrows(IllegalArgumentException.class, () -> part.output("e"));
        }
    }

    @Test
    void isOfNoUseWhenClosed() {
        SameDiff sd = SameDiff.create();
        sd.math().exp("y", sd.placeHolder("x", DataType.FLOAT, 3));
        GraphPart part = GraphPart.of(sd, Map.of("x", random(1, 3)), List.of("y"), Set.of("x"));
        part.close();
        part.close();
        assertThrows(IllegalStateException.class, part::forward);
        assertThrows(IllegalStateException.class, part::backward);
        assertThrows(IllegalStateException.class, () -> part.output("y"));
        assertThrows(IllegalStateException.class, () -> part.outputGradient("y"));
        assertThrows(IllegalStateException.class, () -> part.inputGradient("x"));
    }

    @Test
    void givesItsMemoryBack() {
        SameDiff sd = SameDiff.create();
        sd.math().exp("y", sd.placeHolder("x", DataType.FLOAT, 1 << 20));
        Map<String, INDArray> inputs = Map.of("x", Nd4j.ones(DataType.FLOAT, 1 << 20));
        long before = 0;
        for (int i = 0; i < 35; i++) {
            if (i == 5) {
                before = Pointer.physicalBytes();
            }
            GraphPart.of(sd, inputs, List.of("y"), Set.of("x")).close();
        }
        assertTrue(Pointer.physicalBytes() - before < 100L << 20, "30 parts of 16 MiB left their memory behind");
    }

    private static void assertRefused(
            String part, SameDiff sd, Map<String, INDArray> inputs, String output, Set<String> wanted) {
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> GraphPart.of(sd, inputs, List.of(output), wanted));
        assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
    }

    private static INDArray random(int seed, long... shape) {
        return Nd4j.randn(Nd4j.getRandomFactory().getNewRandomInstance(seed), shape)
                .castTo(DataType.FLOAT);
    }

    private static void assertClose(INDArray wanted, INDArray got) {
        assertArrayEquals(wanted.shape(), got.shape());
        INDArray want = wanted.castTo(DataType.DOUBLE);
        double norm = want.norm2Number().doubleValue();
        double error = want.sub(got.castTo(DataType.DOUBLE)).norm2Number().doubleValue();
        assertTrue(norm > 0, "zero shows nothing");
        assertTrue(error <= 1e-6 * norm, "relative error " + error / norm);
    }
}

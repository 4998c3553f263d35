package org.patchdiffusion.model.engine.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.buffer.DataType;

class OpOrderTest {

    @Test
    void putsEachOpBehindThoseItReads() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 2);
        SDVariable a = sd.math().exp("a", x);
        SDVariable b = sd.math().sin("b", a);
        SDVariable c = a.add("c", b);
        c.mul("d", b);
        x.sub("unwanted", 1);
        assertEquals(List.of("a", "b", "c", "d"), results(OpOrder.between(sd, Set.of(), List.of("d"))));
        assertEquals(List.of("c", "d"), results(OpOrder.between(sd, Set.of("a", "b"), List.of("d"))));
        assertEquals(List.of("a", "b", "c"), results(OpOrder.between(sd, Set.of("x"), List.of("b", "c", "b"))));
        assertThrows(IllegalArgumentException.class, () -> OpOrder.between(sd, Set.of(), List.of("nothing")));
    }

    /** Each op reads the one before it twice, so that there are 2 to the power of 3,000 paths. */
    @Test
    void walksDeepGraphsOfManyPaths() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 2);
        for (int i = 0; i < 3000; i++) {
            x = x.add(x);
        }
        assertEquals(3000, OpOrder.between(sd, Set.of(), List.of(x.name())).size());
    }

    @Test
    void refusesLoops() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT);
        SDVariable[] looped = sd.whileLoop(
                new SDVariable[] {x}, (g, v) -> v[0].lt(g.constant(10f)), (g, v) -> new SDVariable[] {v[0].add(1)});
        IllegalArgumentException refusal = assertThrows(
                IllegalArgumentException.class, () -> OpOrder.between(sd, Set.of(), List.of(looped[0].name())));
        assertTrue(refusal.getMessage().contains("the graph has a loop"), refusal.getMessage());
    }

    private static List<String> results(List<SameDiffOp> ops) {
        return ops.stream().map(op -> op.getOutputsOfOp().get(0)).toList();
    }
}

package org.patchdiffusion.model.engine.compiled.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.engine.DropoutDraws;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;

class ReplicaTest {
    private static final long ARENA = 1L << 28;

    /** A step that does not bind, behind one that did. */
    @Test
    void whatWasBoundIsFreedWhenAStepDoesNotBind() {
        ParameterLayout layout = ParameterLayout.builder().add("w", 4).build();
        FlatMemory parameters = new FlatMemory(layout, Nd4j.create(DataType.FLOAT, 4));
        IllegalStateException failure = new IllegalStateException("does not bind");
        Schedule schedule = new Schedule();
        Buffer buffer = Buffer.inArena("x", ARENA);
        long[] during = new long[1];
        schedule.add(new Step("one", Step.Kind.POINTWISE, 0, List.of(), List.of(buffer), memory -> {
            memory.floats(buffer).put(0, 1f);
            return () -> {};
        }));
        schedule.add(new Step("two", Step.Kind.POINTWISE, 0, List.of(), List.of(buffer), memory -> {
            during[0] = Pointer.totalBytes();
            throw failure;
        }));
        schedule.endForward();
        long before = Pointer.totalBytes();
        assertEquals(ARENA, schedule.plan());
        assertSame(
                failure,
                assertThrows(
                        IllegalStateException.class,
                        () -> new Replica(
                                OneDnn.find().orElseThrow(),
                                schedule,
                                ARENA,
                                Map.of(),
                                parameters,
                                new DropoutDraws(List.of()),
                                Map.of())));
        assertTrue(during[0] - before >= ARENA, "the arena was not there");
        assertTrue(Pointer.totalBytes() - before < ARENA / 2, "the arena is still there");
    }
}

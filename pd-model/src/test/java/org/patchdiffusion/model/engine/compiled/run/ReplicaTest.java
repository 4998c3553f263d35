package org.patchdiffusion.model.engine.compiled.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.engine.DropoutDraws;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;

class ReplicaTest {
    private static final long ARENA = 1L << 12;
    private static final long OWNED = 1L << 28;

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
            memory.own(new FloatPointer(OWNED / Float.BYTES));
            return () -> {};
        }));
        schedule.add(new Step("two", Step.Kind.POINTWISE, 0, List.of(), List.of(buffer), memory -> {
            during[0] = Pointer.totalBytes();
            throw failure;
        }));
        schedule.endForward();
        assertEquals(ARENA, schedule.plan());
        BytePointer arena = new BytePointer(ARENA);
        long before = Pointer.totalBytes();
        assertSame(
                failure,
                assertThrows(
                        IllegalStateException.class,
                        () -> new Replica(
                                OneDnn.find().orElseThrow(),
                                schedule,
                                arena,
                                Map.of(),
                                parameters,
                                new DropoutDraws(List.of()),
                                Map.of())));
        // Half, since what other tests left behind is collected whenever the collector runs.
        assertTrue(during[0] - before > OWNED / 2, "what the first step owns was not there");
        assertTrue(Pointer.totalBytes() - before < OWNED / 2, "what the first step owns is still there");
        arena.close();
    }
}

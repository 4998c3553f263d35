package org.patchdiffusion.model.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.Parameters;

class GradientsTest {
    private final ParameterLayout layout =
            ParameterLayout.builder().add("w", 2, 2).build();

    @Test
    void addsItsParts() {
        INDArray a = Nd4j.createFromArray(1f, 2f, 3f, 4f);
        INDArray b = Nd4j.createFromArray(10f, 20f, 30f, 40f);
        Gradients gradients = new Gradients(layout, List.of(a, b));
        assertEquals(Nd4j.createFromArray(11f, 22f, 33f, 44f), gradients.sum());
        assertEquals(Nd4j.createFromArray(1f, 2f, 3f, 4f), a);
    }

    @Test
    void refusesPartsThatDoNotFit() {
        INDArray good = Nd4j.create(DataType.FLOAT, 4);
        assertRefused("at least one part, got none");
        assertRefused("part 1 of a gradient is null", good, null);
        assertRefused("part 0 of a gradient is FLOAT [3]; expected FLOAT [4]", Nd4j.create(DataType.FLOAT, 3));
        assertRefused("part 1 of a gradient is FLOAT [2, 2]", good, Nd4j.create(DataType.FLOAT, 2, 2));
        assertRefused("part 0 of a gradient is DOUBLE [4]", Nd4j.create(DataType.DOUBLE, 4));
        assertRefused(
                "part 0 of a gradient is FLOAT [4] with a stride of 3",
                Nd4j.create(DataType.FLOAT, 4, 3).getColumn(1));
        INDArray closed = Nd4j.create(DataType.FLOAT, 4);
        closed.close();
        assertRefused("part 0 of a gradient is closed", closed);
    }

    @Test
    void refusesParametersWithGaps() {
        INDArray column = Nd4j.create(DataType.FLOAT, 4, 3).getColumn(1);
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> new Parameters(layout, column));
        assertTrue(refusal.getMessage().contains("with a stride of 3"), refusal.getMessage());
    }

    @Test
    void refusesPartsThatShareMemory() {
        INDArray both = Nd4j.create(DataType.FLOAT, 8);
        INDArray first = both.get(NDArrayIndex.interval(0, 4));
        INDArray middle = both.get(NDArrayIndex.interval(3, 7));
        INDArray last = both.get(NDArrayIndex.interval(4, 8));
        assertRefused("share memory", first, first);
        assertRefused("share memory", last, middle);
        assertRefused("share memory", middle, first);
        assertEquals(2, new Gradients(layout, List.of(last, first)).parts().size());
    }

    private void assertRefused(String part, INDArray... parts) {
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> new Gradients(layout, Arrays.asList(parts)));
        assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
    }
}

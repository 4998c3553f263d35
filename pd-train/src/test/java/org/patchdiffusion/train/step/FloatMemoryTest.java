package org.patchdiffusion.train.step;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class FloatMemoryTest {

    @Test
    void readsAndWritesTheElementsOfAViewAcrossChunks() {
        INDArray whole = Nd4j.arange(40).castTo(DataType.FLOAT);
        INDArray view = whole.get(NDArrayIndex.interval(10, 30));
        FloatMemory memory = FloatMemory.of(view, 8);
        float[] read = new float[4];
        memory.get(12, read, 4);
        assertArrayEquals(new float[] {22, 23, 24, 25}, read);
        memory.put(16, new float[] {-1, -2}, 2);
        memory.written();
        assertEquals(-1f, whole.getFloat(26));
        assertEquals(-2f, whole.getFloat(27));
        assertEquals(28f, whole.getFloat(28));
    }

    @Test
    void refusesOtherTypesAndStrides() {
        assertThrows(IllegalArgumentException.class, () -> FloatMemory.of(Nd4j.create(DataType.DOUBLE, 4)));
        INDArray column = Nd4j.create(DataType.FLOAT, 4, 3).getColumn(1);
        assertThrows(IllegalArgumentException.class, () -> FloatMemory.of(column));
    }
}

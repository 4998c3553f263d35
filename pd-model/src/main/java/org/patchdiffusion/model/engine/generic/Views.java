package org.patchdiffusion.model.engine.generic;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Row-major arrays over a part of a buffer. */
final class Views {
    private Views() {}

    /** An array of that shape over the elements of {@code buffer}, a whole rank-1 array, from {@code offset} on. */
    static INDArray at(INDArray buffer, long offset, long[] shape) {
        return Nd4j.create(buffer.data(), shape, Nd4j.getStrides(shape, 'c'), offset, 'c');
    }

    /** Whether the elements lie in memory one after the other in row-major order, and ND4J knows it. */
    static boolean isRowMajor(INDArray array) {
        if (array.length() <= 1) {
            return true;
        }
        long[] shape = array.shape();
        return array.ordering() == 'c'
                && Arrays.equals(significant(array.stride(), shape), significant(Nd4j.getStrides(shape, 'c'), shape));
    }

    /** Strides of axes of length 1 are never used and may be anything. */
    private static long[] significant(long[] strides, long[] shape) {
        long[] result = strides.clone();
        for (int axis = 0; axis < shape.length; axis++) {
            if (shape[axis] == 1) {
                result[axis] = 0;
            }
        }
        return result;
    }
}

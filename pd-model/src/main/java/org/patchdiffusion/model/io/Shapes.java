package org.patchdiffusion.model.io;

import java.io.IOException;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Shapes that a file declares, before anything is allocated for them. */
final class Shapes {
    /** ND4J's limit on the rank of an array. */
    static final int MOST_DIMENSIONS = 32;

    private Shapes() {}

    /**
     * Number of bytes of an array.
     *
     * @throws IOException if a dimension is negative or the number does not fit in 63 bits
     */
    static long bytes(long[] shape, DataType type) throws IOException {
        long size = type.width();
        boolean empty = false;
        for (long dim : shape) {
            if (dim < 0) {
                throw new IOException("its shape " + Arrays.toString(shape) + " has a negative dimension");
            }
            if (dim == 0) {
                empty = true;
                continue;
            }
            if (size > Long.MAX_VALUE / dim) {
                throw new IOException("its shape " + Arrays.toString(shape) + " is absurdly large");
            }
            size *= dim;
        }
        return empty ? 0 : size;
    }

    /** The shape of an array as files state it: ND4J's plain empty array claims none. */
    static long[] of(INDArray array) {
        return array.isEmpty() && array.rank() == 0 ? new long[] {0} : array.shape();
    }

    /** An uninitialised array in row-major or column-major order; callers have checked its size. */
    static INDArray allocate(DataType type, long[] shape, char order) {
        if (shape.length == 0) {
            return Nd4j.scalar(type, 0);
        }
        return Nd4j.createUninitialized(type, shape, order);
    }
}

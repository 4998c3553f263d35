package org.patchdiffusion.eval.sample;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** An array that is kept from call to call, and made anew when its shape or type changes. */
final class KeptArray implements AutoCloseable {
    private INDArray array;

    /** The array with the shape and type of another one; its content is that of the last use. */
    INDArray like(INDArray other) {
        return of(other, other.shape());
    }

    /** The array with the type of another one. */
    INDArray of(INDArray other, long... shape) {
        if (array == null || array.dataType() != other.dataType() || !Arrays.equals(array.shape(), shape)) {
            close();
            array = Nd4j.create(other.dataType(), shape);
        }
        return array;
    }

    @Override
    public void close() {
        if (array != null) {
            array.close();
            array = null;
        }
    }
}

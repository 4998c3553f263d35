package org.patchdiffusion.model.io;

import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * What a file says about one of its tensors.
 *
 * @param type element type
 * @param shape dimensions, row-major; empty for a scalar
 */
public record TensorInfo(DataType type, List<Long> shape) {
    public TensorInfo {
        shape = List.copyOf(shape);
    }

    /** The dimensions as an array, for ND4J. */
    long[] dimensions() {
        return shape.stream().mapToLong(Long::longValue).toArray();
    }
}

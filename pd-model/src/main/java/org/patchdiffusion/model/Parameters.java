package org.patchdiffusion.model;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The parameters of a model in one flat float32 buffer; every SameDiff variable is a view of it.
 *
 * @param layout names, shapes and offsets
 * @param flat rank-1 float32 array of {@code layout.length()} elements, contiguous
 */
public record Parameters(ParameterLayout layout, INDArray flat) {

    public Parameters {
        if (flat.rank() != 1 || flat.length() != layout.length() || flat.dataType() != DataType.FLOAT) {
            throw new IllegalArgumentException("expected a flat float32 buffer of " + layout.length()
                    + " elements, got " + flat.dataType() + " of shape " + flat.shapeInfoToString());
        }
        if (flat.length() > 1 && flat.stride(0) != 1) {
            throw new IllegalArgumentException("expected a flat buffer without gaps, got one with a stride of "
                    + flat.stride(0) + "; copy it with dup()");
        }
    }

    /** A buffer of zeros for a layout. */
    public static Parameters zeros(ParameterLayout layout) {
        return new Parameters(layout, Nd4j.create(DataType.FLOAT, layout.length()));
    }

    /** One parameter, in its stored shape, as a view: writing to it writes to the flat buffer. */
    public INDArray view(String name) {
        ParameterLayout.Entry entry = layout.get(name);
        return flat.get(NDArrayIndex.interval(entry.offset(), entry.offset() + entry.length()))
                .reshape('c', entry.shape());
    }

    /** An independent copy of the values, with the same layout. */
    public Parameters copy() {
        return new Parameters(layout, flat.dup());
    }
}

package org.patchdiffusion.model.engine.generic;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;
import org.nd4j.linalg.factory.Nd4j;

/** Asks ND4J for the types and shapes that an op makes, without running it. */
public final class ShapeProbe implements AutoCloseable {

    /** Memory without contents that lends its address to arrays of which only the shape matters. */
    private final Map<DataType, INDArray> scratch = new EnumMap<>(DataType.class);

    private final List<INDArray> outgrown = new ArrayList<>();

    /** An array of a type and shape, without contents. */
    public INDArray prototype(DataType type, long[] shape) {
        long length = 1;
        for (long dim : shape) {
            length = Math.multiplyExact(length, dim);
        }
        INDArray buffer = scratch.get(type);
        if (buffer == null || buffer.length() < length) {
            if (buffer != null) {
                outgrown.add(buffer);
            }
            buffer = Nd4j.createUninitialized(type, Math.max(1, length));
            scratch.put(type, buffer);
        }
        return Views.at(buffer, 0, shape);
    }

    /**
     * What an op makes of inputs like these.
     *
     * @param inputs arrays of the right types and shapes; those that decide about shapes need their contents
     * @throws IllegalArgumentException if ND4J does not tell
     */
    public List<LongShapeDescriptor> outputs(SameDiffOp op, List<INDArray> inputs) {
        OpCall call = new OpCall(Instruction.of(op));
        try {
            call.setInputs(inputs.toArray(INDArray[]::new));
            return call.outputShapes();
        } finally {
            call.release();
        }
    }

    @Override
    public void close() {
        scratch.values().forEach(INDArray::close);
        outgrown.forEach(INDArray::close);
        scratch.clear();
        outgrown.clear();
    }
}

package org.patchdiffusion.model.engine.compiled.run;

import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.engine.compiled.kernel.Floats;

/** A flat buffer in the layout of the parameters as plain memory. */
public final class FlatMemory {
    private final ParameterLayout layout;
    private final FloatPointer pointer;
    private final Floats floats;

    public FlatMemory(ParameterLayout layout, INDArray array) {
        this.layout = layout;
        this.pointer = pointerTo(array);
        this.floats = new Floats(pointer, array.length());
    }

    /** Start of an array's elements. */
    public static FloatPointer pointerTo(INDArray array) {
        return ((FloatPointer) array.data().pointer()).getPointer(array.offset());
    }

    public ParameterLayout layout() {
        return layout;
    }

    /** Where the first number is: what tells two buffers apart. */
    long address() {
        return pointer.address();
    }

    public FloatPointer pointer(String parameter) {
        return pointer.getPointer(offset(parameter));
    }

    public Floats floats() {
        return floats;
    }

    /** Index of a parameter's first element. */
    public long offset(String parameter) {
        return layout.get(parameter).offset();
    }
}

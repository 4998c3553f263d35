package org.patchdiffusion.model.engine.compiled;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.ParameterLayout;

/** The flat parameter buffer as plain memory. */
final class FlatMemory {
    private final ParameterLayout layout;
    private final INDArray array;
    private final FloatPointer pointer;
    private final FloatBuffer floats;

    FlatMemory(ParameterLayout layout, INDArray array) {
        this.layout = layout;
        this.array = array;
        this.pointer = pointerTo(array);
        this.floats = new FloatPointer(pointer).capacity(array.length()).asBuffer();
    }

    /** Start of an array's elements. */
    static FloatPointer pointerTo(INDArray array) {
        return ((FloatPointer) array.data().pointer()).getPointer(array.offset());
    }

    ParameterLayout layout() {
        return layout;
    }

    INDArray array() {
        return array;
    }

    FloatPointer pointer(String parameter) {
        return pointer.getPointer(layout.get(parameter).offset());
    }

    FloatBuffer floats() {
        return floats;
    }

    /** Index of a parameter's first element. */
    int offset(String parameter) {
        return Math.toIntExact(layout.get(parameter).offset());
    }
}

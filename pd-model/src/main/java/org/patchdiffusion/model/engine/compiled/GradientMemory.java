package org.patchdiffusion.model.engine.compiled;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.ParameterLayout;

/** The flat gradient buffer of one replica; the caller may hand in another one at each run. */
final class GradientMemory {

    private record Slot(memory memory, long offset) {}

    private final ParameterLayout layout;
    private final List<Slot> slots = new ArrayList<>();
    private INDArray array;
    private FloatPointer pointer;
    private FloatBuffer floats;

    GradientMemory(ParameterLayout layout) {
        this.layout = layout;
    }

    /** Has oneDNN memory follow a parameter's place in the current buffer. */
    void follow(String parameter, memory memory) {
        slots.add(new Slot(memory, layout.get(parameter).offset()));
    }

    int offset(String parameter) {
        return Math.toIntExact(layout.get(parameter).offset());
    }

    /** Points everything at a buffer, and clears it. */
    void attach(INDArray next) {
        if (next != array) {
            array = next;
            pointer = FlatMemory.pointerTo(next);
            floats = new FloatPointer(pointer).capacity(next.length()).asBuffer();
            for (Slot slot : slots) {
                slot.memory().set_data_handle(pointer.getPointer(slot.offset()));
            }
        }
    }

    FloatBuffer floats() {
        return floats;
    }
}

package org.patchdiffusion.model.engine.compiled.run;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.patchdiffusion.model.ParameterLayout;
import org.patchdiffusion.model.engine.compiled.kernel.Floats;

/** The flat gradient buffer of one replica; the caller may hand in another one at each run. */
public final class GradientMemory {

    private record Slot(memory memory, long offset) {}

    private final ParameterLayout layout;
    private final List<Slot> slots = new ArrayList<>();
    private INDArray array;
    private Floats floats;
    private float[] row = new float[0];

    public GradientMemory(ParameterLayout layout) {
        this.layout = layout;
    }

    /** Has oneDNN memory follow a parameter's place in the current buffer. */
    public void follow(String parameter, memory memory) {
        slots.add(new Slot(memory, offset(parameter)));
    }

    /** Index of a parameter's first element. */
    public long offset(String parameter) {
        return layout.get(parameter).offset();
    }

    /** Points everything at a buffer. What it holds stays until a step writes over it. */
    void attach(INDArray next) {
        if (next != array) {
            array = next;
            FloatPointer pointer = FlatMemory.pointerTo(next);
            floats = new Floats(pointer, next.length());
            for (Slot slot : slots) {
                slot.memory().set_data_handle(pointer.getPointer(slot.offset()));
            }
        }
    }

    /** Writes numbers, or adds them to what is there. */
    public void write(long at, float[] values, int offset, int n, boolean add) {
        if (!add) {
            floats.put(at, values, offset, n);
            return;
        }
        if (row.length < n) {
            row = new float[n];
        }
        floats.get(at, row, 0, n);
        for (int i = 0; i < n; i++) {
            row[i] += values[offset + i];
        }
        floats.put(at, row, 0, n);
    }
}

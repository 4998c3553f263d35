package org.patchdiffusion.model.engine.compiled.lower;

import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.compiled.kernel.Floats;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;
import org.patchdiffusion.model.engine.compiled.run.Buffer;
import org.patchdiffusion.model.engine.compiled.run.ReplicaMemory;

/**
 * The images of a tensor as float32 numbers, for kernels that pass over an image twice. A float32 tensor is read and written
 * where it lies. One in bfloat16 has staging memory for one image, which stays in the cache; several tensors may share it.
 */
final class FloatImages {
    private final ReplicaMemory replica;
    private final Floats floats;
    private final long elements;
    private final Pointer[] places;
    private memory tensor;
    private Runnable widening;
    private Runnable narrowing;

    /**
     * The images of a tensor.
     *
     * @param stage what {@link #stage} gave
     */
    FloatImages(ReplicaMemory replica, Lowering lowering, Value value, Buffer buffer, Buffer stage) {
        this.replica = replica;
        floats = replica.floats(stage == null ? buffer : stage);
        elements = value.physicalElements();
        places = new Pointer[stage == null ? 0 : lowering.batch()];
        if (stage != null) {
            convert(buffer, stage);
        }
    }

    /** Memory for one image, which steps have to name; null if the tensor needs none. */
    static Buffer stage(Lowering lowering, Value value) {
        return value.stored() == DataType.BFLOAT16
                ? lowering.allocate(value.name() + " as float32", value.physicalElements())
                : null;
    }

    private void convert(Buffer buffer, Buffer stage) {
        for (int image = 0; image < places.length; image++) {
            places[image] = replica.own(replica.at(buffer, image * elements));
        }
        tensor = replica.dnnl(places[0], OneDnn.row(memory.data_type.bf16, elements));
        memory image = replica.dnnl(stage, OneDnn.row(memory.data_type.f32, elements));
        widening = replica.reorder(tensor, image);
        narrowing = replica.reorder(image, tensor);
    }

    Floats floats() {
        return floats;
    }

    /** Where an image begins among the {@link #floats}. */
    long start(int image) {
        return tensor == null ? image * elements : 0;
    }

    /** Makes an image ready to be read. */
    void load(int image) {
        if (tensor != null) {
            tensor.set_data_handle(places[image]);
            widening.run();
        }
    }

    /** Keeps what was written to an image. */
    void store(int image) {
        if (tensor != null) {
            tensor.set_data_handle(places[image]);
            narrowing.run();
        }
    }
}

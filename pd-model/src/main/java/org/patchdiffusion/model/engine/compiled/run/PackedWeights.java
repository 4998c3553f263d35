package org.patchdiffusion.model.engine.compiled.run;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.FloatPointer;
import org.patchdiffusion.model.engine.compiled.ir.ChannelMap;
import org.patchdiffusion.model.engine.compiled.onednn.KernelShape;

/** What a program uses of a {@link WeightStore}: it fills these again from the flat parameters at the start of a run. */
public final class PackedWeights {
    private final WeightStore store;
    private final Set<Consumer<stream>> fillers = new LinkedHashSet<>();

    PackedWeights(WeightStore store) {
        this.store = store;
    }

    /** Number of parameters of the whole model. */
    public long parameterCount() {
        return store.parameters().layout().length();
    }

    /** A kernel in the layout of a descriptor. */
    public synchronized memory kernel(KernelShape shape, memory.desc desc) {
        WeightStore.Kernel kernel = store.kernel(shape, desc);
        fillers.add(kernel.filler());
        return kernel.memory();
    }

    /** A bias, padded with zeros to the physical channels of the output. */
    public synchronized FloatPointer bias(String name, ChannelMap out) {
        if (out.isExact()) {
            return store.parameters().pointer(name);
        }
        WeightStore.Bias bias = store.bias(name, out.physical());
        fillers.add(bias.filler());
        return bias.pointer();
    }

    /** The work of filling everything; entries are independent, so that threads may share them. */
    List<Consumer<stream>> fillers() {
        return List.copyOf(fillers);
    }
}

package org.patchdiffusion.model.engine.compiled.run;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.patchdiffusion.model.engine.compiled.kernel.Floats;
import org.patchdiffusion.model.engine.compiled.onednn.KernelShape;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;

/**
 * Convolution kernels and biases in the layouts that the primitives want, shared by the replicas of all programs over the same
 * parameters that run in turn. Each comes with the work that fills it from the flat parameters.
 */
final class WeightStore implements AutoCloseable {

    /** A kernel in one layout. */
    record Kernel(KernelShape shape, memory.desc desc, memory memory, Consumer<stream> filler) {}

    /** A bias padded with zeros. */
    record Bias(FloatPointer pointer, Consumer<stream> filler) {}

    private final OneDnn oneDnn;
    private final FlatMemory parameters;
    private final Map<String, List<Kernel>> kernels = new HashMap<>();
    private final Map<String, Bias> biases = new HashMap<>();
    private final List<Pointer> owned = new ArrayList<>();
    private long bytes;

    WeightStore(OneDnn oneDnn, FlatMemory parameters) {
        this.oneDnn = oneDnn;
        this.parameters = parameters;
    }

    FlatMemory parameters() {
        return parameters;
    }

    /** Bytes of all copies. */
    synchronized long bytes() {
        return bytes;
    }

    /** A kernel in the layout of a descriptor. */
    synchronized Kernel kernel(KernelShape shape, memory.desc desc) {
        List<Kernel> known = kernels.computeIfAbsent(shape.name(), n -> new ArrayList<>());
        for (Kernel kernel : known) {
            if (kernel.shape().liesLike(shape) && kernel.desc().equals(desc)) {
                return kernel;
            }
        }
        memory packed = own(new memory(desc, oneDnn.engine()));
        bytes += desc.get_size();
        Kernel kernel =
                new Kernel(shape, desc, packed, shape.isExact() ? direct(shape, packed) : padded(shape, packed));
        known.add(kernel);
        return kernel;
    }

    private Consumer<stream> direct(KernelShape shape, memory packed) {
        memory flat = own(new memory(shape.desc(), oneDnn.engine(), parameters.pointer(shape.name())));
        return copy(shape, flat, packed);
    }

    private Consumer<stream> padded(KernelShape shape, memory packed) {
        FloatPointer staging = zeros(shape.physicalFloats());
        Floats target = new Floats(staging, shape.physicalFloats());
        float[] row = new float[shape.out().logical()];
        Consumer<stream> copy = copy(shape, own(new memory(shape.desc(), oneDnn.engine(), staging)), packed);
        long offset = parameters.offset(shape.name());
        return stream -> {
            shape.forEachRow((logical, physical) -> {
                parameters.floats().get(offset + logical, row, 0, row.length);
                target.put(physical, row, 0, row.length);
            });
            copy.accept(stream);
        };
    }

    private Consumer<stream> copy(KernelShape shape, memory from, memory to) {
        return canReorder(from, to) ? reorder(from, to) : throughOfficialOrder(shape, from, to);
    }

    /**
     * oneDNN brings a kernel into Winograd's domain only from the axis order {@code [out, in, kH, kW]}. The copy in that
     * order is made anew each time: kept, it would double what large models take, and parameters rarely change between
     * the forward runs that want this form.
     */
    private Consumer<stream> throughOfficialOrder(KernelShape shape, memory from, memory to) {
        memory.desc official = own(OneDnn.rowMajor(shape.dims()));
        return stream -> {
            try (memory ordered = new memory(official, oneDnn.engine());
                    reorder first = new reorder(from, ordered);
                    reorder second = new reorder(ordered, to)) {
                first.execute(stream, from, ordered);
                second.execute(stream, ordered, to);
                stream._wait();
            }
        };
    }

    private boolean canReorder(memory from, memory to) {
        try {
            new reorder.primitive_desc(oneDnn.engine(), from.get_desc(), oneDnn.engine(), to.get_desc()).close();
            return true;
        } catch (RuntimeException e) {
            // oneDNN's way of saying that it has no such reorder.
            return false;
        }
    }

    private Consumer<stream> reorder(memory from, memory to) {
        reorder primitive = own(new reorder(from, to));
        IntMemoryMap arguments = own(new IntMemoryMap().put(DNNL_ARG_FROM, from).put(DNNL_ARG_TO, to));
        return stream -> {
            primitive.execute(stream, arguments);
            stream._wait();
        };
    }

    /** A bias, padded with zeros to a number of channels. */
    synchronized Bias bias(String name, int channels) {
        return biases.computeIfAbsent(name + " of " + channels, n -> {
            FloatPointer staging = zeros(channels);
            Floats target = new Floats(staging, channels);
            long offset = parameters.offset(name);
            float[] row =
                    new float[Math.toIntExact(parameters.layout().get(name).length())];
            return new Bias(staging, stream -> {
                parameters.floats().get(offset, row, 0, row.length);
                target.put(0, row, 0, row.length);
            });
        });
    }

    private FloatPointer zeros(long floats) {
        FloatPointer pointer = own(new FloatPointer(floats));
        bytes += floats * Float.BYTES;
        Pointer.memset(pointer, 0, floats * Float.BYTES);
        return pointer;
    }

    private <T extends Pointer> T own(T pointer) {
        owned.add(pointer);
        return pointer;
    }

    @Override
    public void close() {
        for (int i = owned.size() - 1; i >= 0; i--) {
            owned.get(i).deallocate();
        }
    }
}

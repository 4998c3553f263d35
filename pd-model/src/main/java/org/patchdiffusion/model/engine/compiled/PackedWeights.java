package org.patchdiffusion.model.engine.compiled;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;

import java.nio.FloatBuffer;
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

/**
 * Convolution kernels and biases in the layouts that the primitives want, shared by the replicas. Each is filled
 * again from the flat parameters at the start of a run.
 */
final class PackedWeights implements AutoCloseable {

    private record Packed(memory.desc desc, memory memory) {}

    private final OneDnn oneDnn;
    private final FlatMemory parameters;
    private final Map<String, List<Packed>> kernels = new HashMap<>();
    private final Map<String, FloatPointer> biases = new HashMap<>();
    private final List<Consumer<stream>> fillers = new ArrayList<>();
    private final List<Pointer> owned = new ArrayList<>();

    PackedWeights(OneDnn oneDnn, FlatMemory parameters) {
        this.oneDnn = oneDnn;
        this.parameters = parameters;
    }

    /** Number of parameters of the whole model. */
    long parameterCount() {
        return parameters.layout().length();
    }

    /** The work of filling everything; entries are independent, so that threads may share them. */
    List<Consumer<stream>> fillers() {
        return fillers;
    }

    /** A kernel in the layout of a descriptor. */
    synchronized memory kernel(KernelShape shape, memory.desc desc) {
        List<Packed> known = kernels.computeIfAbsent(shape.name(), n -> new ArrayList<>());
        for (Packed packed : known) {
            if (packed.desc().equals(desc)) {
                return packed.memory();
            }
        }
        memory packed = own(new memory(desc, oneDnn.engine()));
        known.add(new Packed(desc, packed));
        fillers.add(shape.isExact() ? direct(shape, packed) : padded(shape, packed));
        return packed;
    }

    private Consumer<stream> direct(KernelShape shape, memory packed) {
        memory flat = own(new memory(shape.desc(), oneDnn.engine(), parameters.pointer(shape.name())));
        return copy(shape, flat, packed);
    }

    private Consumer<stream> padded(KernelShape shape, memory packed) {
        FloatPointer staging = zeros(shape.physicalFloats());
        FloatBuffer target = staging.asBuffer();
        Consumer<stream> copy = copy(shape, own(new memory(shape.desc(), oneDnn.engine(), staging)), packed);
        int offset = parameters.offset(shape.name());
        return stream -> {
            shape.forEachRow((logical, physical) -> target.put(
                    physical, parameters.floats(), offset + logical, shape.out().logical()));
            copy.accept(stream);
        };
    }

    private Consumer<stream> copy(KernelShape shape, memory from, memory to) {
        return canReorder(from, to) ? reorder(from, to) : throughOfficialOrder(shape, from, to);
    }

    /** oneDNN brings a kernel into Winograd's domain only from the axis order {@code [out, in, kH, kW]}. */
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

    /** A bias, padded with zeros to the physical channels of the output. */
    synchronized FloatPointer bias(String name, ChannelMap out) {
        if (out.isExact()) {
            return parameters.pointer(name);
        }
        return biases.computeIfAbsent(name, n -> {
            FloatPointer staging = zeros(out.physical());
            FloatBuffer target = staging.asBuffer();
            int offset = parameters.offset(name);
            fillers.add(stream -> target.put(0, parameters.floats(), offset, out.logical()));
            return staging;
        });
    }

    private FloatPointer zeros(long floats) {
        FloatPointer pointer = own(new FloatPointer(floats));
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

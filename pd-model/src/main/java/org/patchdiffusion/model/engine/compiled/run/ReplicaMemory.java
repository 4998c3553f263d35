package org.patchdiffusion.model.engine.compiled.run;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.patchdiffusion.model.engine.DropoutDraws;
import org.patchdiffusion.model.engine.compiled.kernel.BfloatCodec;
import org.patchdiffusion.model.engine.compiled.kernel.Bfloats;
import org.patchdiffusion.model.engine.compiled.kernel.Floats;
import org.patchdiffusion.model.engine.compiled.kernel.Numbers;
import org.patchdiffusion.model.engine.compiled.onednn.OneDnn;

/** What the steps of one replica run on: its arena, outside buffers, parameters, gradient, draw and oneDNN stream. */
public final class ReplicaMemory implements AutoCloseable {
    private final OneDnn oneDnn;
    private final Pointer arena;
    private final Map<Buffer, FloatPointer> outside;
    private final FlatMemory parameters;
    private final GradientMemory gradient;
    private final DropoutDraws draws;
    private final stream stream;
    private final BfloatCodec codec = new BfloatCodec();
    private final List<Pointer> owned = new ArrayList<>();

    ReplicaMemory(
            OneDnn oneDnn,
            Pointer arena,
            Map<Buffer, FloatPointer> outside,
            FlatMemory parameters,
            GradientMemory gradient,
            DropoutDraws draws) {
        this.oneDnn = oneDnn;
        this.arena = arena;
        this.outside = outside;
        this.parameters = parameters;
        this.gradient = gradient;
        this.draws = draws;
        this.stream = own(new stream(oneDnn.engine()));
    }

    /** Frees a native object together with this memory. */
    public <T extends Pointer> T own(T pointer) {
        owned.add(pointer);
        return pointer;
    }

    public stream stream() {
        return stream;
    }

    public FlatMemory parameters() {
        return parameters;
    }

    public GradientMemory gradient() {
        return gradient;
    }

    /** What masks are drawn from in this run. */
    public DropoutDraws draws() {
        return draws;
    }

    /** Start of a buffer. */
    public FloatPointer pointer(Buffer buffer) {
        FloatPointer external = outside.get(buffer);
        if (external != null) {
            return external;
        }
        if (buffer.offset() < 0) {
            throw new IllegalStateException("buffer " + buffer + " has no place");
        }
        return new FloatPointer(arena.getPointer(buffer.offset()));
    }

    /** The work of copying memory into another layout or type. */
    public Runnable reorder(memory from, memory to) {
        reorder primitive = own(new reorder(from, to));
        IntMemoryMap arguments =
                own(new IntMemoryMap()).put(DNNL_ARG_FROM, from).put(DNNL_ARG_TO, to);
        return () -> primitive.execute(stream, arguments);
    }

    /** Place of a number in a buffer. */
    public Pointer at(Buffer buffer, long index) {
        return new BytePointer(pointer(buffer)).getPointer(index * buffer.type().width());
    }

    /** A buffer of float32 numbers. */
    public Floats floats(Buffer buffer) {
        return new Floats(pointer(buffer), buffer.count());
    }

    /** A buffer of bfloat16 numbers. */
    public Bfloats bfloats(Buffer buffer) {
        return new Bfloats(pointer(buffer), buffer.count(), codec);
    }

    /** A buffer of numbers of its type. */
    public Numbers numbers(Buffer buffer) {
        return buffer.type() == DataType.BFLOAT16 ? bfloats(buffer) : floats(buffer);
    }

    /** A buffer as oneDNN memory. */
    public memory dnnl(Buffer buffer, memory.desc desc) {
        return own(new memory(desc, oneDnn.engine(), pointer(buffer)));
    }

    /** Any place as oneDNN memory. */
    public memory dnnl(Pointer pointer, memory.desc desc) {
        return own(new memory(desc, oneDnn.engine(), pointer));
    }

    /** oneDNN memory that gets its place later. */
    public memory unbound(memory.desc desc) {
        return own(new memory(desc, oneDnn.engine(), null));
    }

    @Override
    public void close() {
        for (int i = owned.size() - 1; i >= 0; i--) {
            owned.get(i).deallocate();
        }
        owned.clear();
    }
}

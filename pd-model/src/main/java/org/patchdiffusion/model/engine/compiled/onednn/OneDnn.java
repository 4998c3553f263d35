package org.patchdiffusion.model.engine.compiled.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx2;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_amx;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_get_effective_cpu_isa;
import static org.bytedeco.dnnl.global.dnnl.dnnl_scratchpad_mode_user;

import java.util.Optional;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_attr;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.engine.compiled.ir.UnsupportedGraphException;
import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The oneDNN library: whether it loads here, which vector width it uses, and its memory descriptors. */
public final class OneDnn {
    private static final Logger LOG = LoggerFactory.getLogger(OneDnn.class);
    private static final Optional<OneDnn> INSTANCE = load();

    private final engine cpu;
    private final int lanes;
    private final int isa;

    private OneDnn(engine cpu, int lanes, int isa) {
        this.cpu = cpu;
        this.isa = isa;
        this.lanes = lanes;
    }

    /** The library, or empty where it has no natives or no fast convolutions for the processor. */
    public static Optional<OneDnn> find() {
        return INSTANCE;
    }

    private static Optional<OneDnn> load() {
        loadNd4jFirst();
        try {
            int isa = dnnl_get_effective_cpu_isa();
            boolean avx512 = (isa & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core;
            boolean avx2 = (isa & dnnl_cpu_isa_avx2) == dnnl_cpu_isa_avx2;
            if (!avx2) {
                LOG.info("oneDNN has no fast convolutions for this processor; graphs run as plans of ND4J operations");
                return Optional.empty();
            }
            return Optional.of(new OneDnn(new engine(engine.kind.cpu, 0), avx512 ? 16 : 8, isa));
        } catch (LinkageError e) {
            LOG.info("oneDNN does not load here ({}); graphs run as plans of ND4J operations", e.toString());
            return Optional.empty();
        }
    }

    /**
     * Both libraries bring a libgomp, and JavaCPP keeps the one that is loaded first as a file and makes the other a link to
     * it. A process that loads them in the other order turns that round in the cache that all processes share, and can
     * truncate the file under those that run. ND4J comes first in every program that uses it, so it comes first here.
     */
    private static void loadNd4jFirst() {
        Nd4j.getBackend();
    }

    public engine engine() {
        return cpu;
    }

    /** Channels in a block: 16 with AVX-512, 8 with AVX2. Other block sizes fall to reference implementations. */
    public int lanes() {
        return lanes;
    }

    public boolean hasWinograd() {
        return lanes == 16;
    }

    /**
     * Whether products of bfloat16 matrices are fast: by AMX. The AVX-512 form of them is slower than float32 with Winograd, and
     * without either oneDNN emulates the type.
     */
    public boolean hasBfloat16() {
        return has(dnnl_cpu_isa_avx512_core_amx);
    }

    /** What the processor has for this work, for messages. */
    public String instructions() {
        return hasBfloat16()
                ? "AVX-512 and AMX with bfloat16"
                : has(dnnl_cpu_isa_avx512_core_bf16)
                        ? "AVX-512 with bfloat16, without AMX"
                        : hasWinograd() ? "AVX-512 without bfloat16" : "AVX2";
    }

    private boolean has(int instructionSet) {
        return (isa & instructionSet) == instructionSet;
    }

    /** Descriptor of an image tensor in blocks of channels or with the channels last, its padding included. */
    public memory.desc image(Value value, long batch) {
        return image(value, batch, value.physicalChannels());
    }

    /** The same with the first channels alone; what pads the last block is then oneDNN's own matter. */
    public memory.desc image(Value value, long batch, long channels) {
        boolean last = value.layout() == Value.Layout.CHANNELS_LAST;
        memory.format_tag tag =
                last ? memory.format_tag.nhwc : lanes == 16 ? memory.format_tag.nChw16c : memory.format_tag.nChw8c;
        long[] dims = {batch, channels, value.height(), value.width()};
        return new memory.desc(dims, last ? memory.data_type.bf16 : memory.data_type.f32, tag);
    }

    /** Descriptor of a row-major tensor. */
    public static memory.desc rowMajor(long... dims) {
        long[] strides = new long[dims.length];
        long stride = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= dims[i];
        }
        return strided(dims, strides);
    }

    /** Descriptor with explicit strides, in floats. */
    public static memory.desc strided(long[] dims, long[] strides) {
        return strided(memory.data_type.f32, dims, strides);
    }

    /** Descriptor with explicit strides, in numbers of the type. */
    public static memory.desc strided(memory.data_type type, long[] dims, long[] strides) {
        return new memory.desc(dims, type, strides);
    }

    /** Descriptor of numbers that follow each other. */
    public static memory.desc row(memory.data_type type, long count) {
        return strided(type, new long[] {count}, new long[] {1});
    }

    /** Descriptor that lets a primitive choose. */
    public static memory.desc any(memory.data_type type, long... dims) {
        return new memory.desc(dims, type, memory.format_tag.any);
    }

    /** Attributes under which primitives use scratch memory from the arena. */
    public static primitive_attr attributes() {
        primitive_attr attributes = new primitive_attr();
        attributes.set_scratchpad_mode(dnnl_scratchpad_mode_user);
        return attributes;
    }

    /**
     * Refuses oneDNN's reference implementations, which are a hundred times slower and chosen without a word.
     *
     * @throws UnsupportedGraphException if the implementation is one
     */
    public static void requireFast(String implementation, String what) {
        if (implementation.startsWith("ref") || implementation.contains(":ref")) {
            throw new UnsupportedGraphException("oneDNN has only a reference implementation for " + what);
        }
    }
}

package org.patchdiffusion.model.engine.compiled.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx2;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core;
import static org.bytedeco.dnnl.global.dnnl.dnnl_get_effective_cpu_isa;
import static org.bytedeco.dnnl.global.dnnl.dnnl_scratchpad_mode_user;

import java.util.Optional;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_attr;
import org.nd4j.linalg.factory.Nd4j;
import org.patchdiffusion.model.engine.compiled.ir.UnsupportedGraphException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The oneDNN library: whether it loads here, which vector width it uses, and its memory descriptors. */
public final class OneDnn {
    private static final Logger LOG = LoggerFactory.getLogger(OneDnn.class);
    private static final Optional<OneDnn> INSTANCE = load();

    private final engine cpu;
    private final int lanes;

    private OneDnn(engine cpu, int lanes) {
        this.cpu = cpu;
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
            return Optional.of(new OneDnn(new engine(engine.kind.cpu, 0), avx512 ? 16 : 8));
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

    /** Descriptor of a blocked image tensor. */
    public memory.desc blocked(long batch, long channels, long height, long width) {
        memory.format_tag tag = lanes == 16 ? memory.format_tag.nChw16c : memory.format_tag.nChw8c;
        return new memory.desc(new long[] {batch, channels, height, width}, memory.data_type.f32, tag);
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
        return new memory.desc(dims, memory.data_type.f32, strides);
    }

    /** Descriptor that lets a primitive choose. */
    public static memory.desc any(long... dims) {
        return new memory.desc(dims, memory.data_type.f32, memory.format_tag.any);
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

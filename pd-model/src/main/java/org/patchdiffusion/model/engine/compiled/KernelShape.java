package org.patchdiffusion.model.engine.compiled;

import org.bytedeco.dnnl.memory;

/**
 * A convolution kernel between two channel maps. The flat buffer holds it as {@code [size, size, in, out]}; primitives
 * see {@code [out, in, size, size]} with the physical channels.
 *
 * @param name parameter name
 * @param in channels of the input
 * @param out channels of the output; padded only at the end
 * @param size height and width
 */
record KernelShape(String name, ChannelMap in, ChannelMap out, int size) {

    /** Takes a row of output channels: its start in the flat parameter and in the padded one. */
    @FunctionalInterface
    interface RowVisitor {
        void row(int logicalStart, int physicalStart);
    }

    boolean isExact() {
        return in.isExact() && out.isExact();
    }

    long physicalFloats() {
        return (long) size * size * in.physical() * out.physical();
    }

    /** Dimensions as primitives see them. */
    long[] dims() {
        return new long[] {out.physical(), in.physical(), size, size};
    }

    /** Descriptor of the padded kernel in the flat buffer's axis order. */
    memory.desc desc() {
        long i = in.physical();
        long o = out.physical();
        return OneDnn.strided(dims(), new long[] {1, o, size * i * o, i * o});
    }

    void forEachRow(RowVisitor visitor) {
        for (int k = 0; k < size * size; k++) {
            for (int i = 0; i < in.logical(); i++) {
                visitor.row(
                        (k * in.logical() + i) * out.logical(), (k * in.physical() + in.physical(i)) * out.physical());
            }
        }
    }
}

package org.patchdiffusion.model.engine.compiled.onednn;

import org.bytedeco.dnnl.memory;
import org.patchdiffusion.model.engine.compiled.ir.ChannelMap;
import org.patchdiffusion.model.engine.compiled.ir.Conv;

/**
 * A convolution kernel between two channel maps. The flat buffer holds it as {@code [height, width, in, out]}; primitives
 * see {@code [out, in, height, width]} with the physical channels.
 *
 * @param name parameter name
 * @param in channels of the input
 * @param out channels of the output; padded only at the end
 * @param height height of the kernel
 * @param width width of the kernel
 */
public record KernelShape(String name, ChannelMap in, ChannelMap out, int height, int width) {

    /** Takes a row of output channels: its start in the flat parameter and in the padded one. */
    @FunctionalInterface
    public interface RowVisitor {
        void row(long logicalStart, long physicalStart);
    }

    /** The kernel of a convolution whose tensors have their layouts. */
    public static KernelShape of(Conv conv) {
        return new KernelShape(
                conv.kernel(),
                conv.x().map(),
                conv.output().map(),
                conv.window().kernelHeight(),
                conv.window().kernelWidth());
    }

    /** Whether the same parameter has the same channels in the same places. */
    public boolean liesLike(KernelShape other) {
        return name.equals(other.name) && in.equals(other.in) && out.equals(other.out);
    }

    public boolean isExact() {
        return in.isExact() && out.isExact();
    }

    public long physicalFloats() {
        return (long) height * width * in.physical() * out.physical();
    }

    /** Dimensions as primitives see them. */
    public long[] dims() {
        return new long[] {out.physical(), in.physical(), height, width};
    }

    /** Descriptor of the padded kernel in the flat buffer's axis order. */
    public memory.desc desc() {
        long i = in.physical();
        long o = out.physical();
        return OneDnn.strided(dims(), new long[] {1, o, width * i * o, i * o});
    }

    public void forEachRow(RowVisitor visitor) {
        for (long k = 0; k < (long) height * width; k++) {
            for (int i = 0; i < in.logical(); i++) {
                visitor.row(
                        (k * in.logical() + i) * out.logical(), (k * in.physical() + in.physical(i)) * out.physical());
            }
        }
    }
}

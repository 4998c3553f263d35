package org.patchdiffusion.model.engine.compiled.read;

import org.nd4j.autodiff.samediff.internal.SameDiffOp;

/**
 * Geometry of a convolution with a square kernel and stride 1 on {@code NCHW} data.
 *
 * @param size height and width of the kernel
 * @param padding zeros on each side
 */
record ConvShape(int size, int padding) {

    /** Reads it from a {@code conv2d} op; null if the op has another form. */
    static ConvShape of(SameDiffOp conv) {
        // kernel height and width, strides, paddings, dilations, padding mode, data format, kernel format
        long[] a = GraphView.integers(conv);
        boolean square = a[0] == a[1] && a[4] == a[5];
        boolean dense = a[2] == 1 && a[3] == 1 && a[6] == 1 && a[7] == 1;
        boolean same = a[8] == 1;
        boolean knownPadding = a[8] == 0 || same && a[0] % 2 == 1;
        if (!square || !dense || !knownPadding || a[9] != 0 || a[10] != 0) {
            return null;
        }
        int size = Math.toIntExact(a[0]);
        return new ConvShape(size, same ? size / 2 : Math.toIntExact(a[4]));
    }

    /** Height or width of the output. */
    int output(int input) {
        return input + 2 * padding - size + 1;
    }
}

package org.patchdiffusion.model.engine.compiled.read;

import org.patchdiffusion.model.engine.compiled.ir.Value;
import org.patchdiffusion.model.engine.compiled.ir.Window;

/** Reads how an op moves over an image from its integer arguments. */
final class Windows {

    private Windows() {}

    /**
     * Reads kernel height and width, strides, paddings, dilations and padding mode (0 explicit, 1 "same"), in this order.
     *
     * @return null if the mode is another one, or no output would be left
     */
    static Window read(long[] a, Value x) {
        for (int i = 0; i < 8; i++) {
            boolean padding = i == 4 || i == 5;
            if (a[i] < (padding ? 0 : 1) || a[i] > Short.MAX_VALUE) {
                return null;
            }
        }
        if (a[8] != 0 && a[8] != 1) {
            return null;
        }
        int[] vertical = paddings(a[8] == 1, x.height(), (int) a[0], (int) a[2], (int) a[4], (int) a[6]);
        int[] horizontal = paddings(a[8] == 1, x.width(), (int) a[1], (int) a[3], (int) a[5], (int) a[7]);
        if (vertical == null || horizontal == null) {
            return null;
        }
        return new Window(
                (int) a[0],
                (int) a[1],
                (int) a[2],
                (int) a[3],
                (int) a[6],
                (int) a[7],
                vertical[0],
                horizontal[0],
                vertical[1],
                horizontal[1]);
    }

    /** Zeros before and behind; null if no output is left or an edge would be cut off. */
    private static int[] paddings(boolean same, int size, int kernel, int stride, int padding, int dilation) {
        int reach = Window.reach(kernel, dilation);
        if (!same) {
            return size + 2 * padding < reach ? null : new int[] {padding, padding};
        }
        int outputs = (size + stride - 1) / stride;
        int total = (outputs - 1) * stride + reach - size;
        return total < 0 ? null : new int[] {total / 2, total - total / 2};
    }
}

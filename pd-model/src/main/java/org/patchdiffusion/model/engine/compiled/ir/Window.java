package org.patchdiffusion.model.engine.compiled.ir;

/**
 * How a convolution or a pooling moves over an image.
 *
 * @param kernelHeight height of the kernel
 * @param kernelWidth width of the kernel
 * @param strideHeight rows from one output to the next
 * @param strideWidth columns from one output to the next
 * @param dilationHeight rows from one tap to the next, 1 for neighbours
 * @param dilationWidth columns from one tap to the next
 * @param top rows of zeros above the image
 * @param left columns of zeros before it
 * @param bottom rows of zeros below it that some output reaches
 * @param right columns of zeros behind it
 */
public record Window(
        int kernelHeight,
        int kernelWidth,
        int strideHeight,
        int strideWidth,
        int dilationHeight,
        int dilationWidth,
        int top,
        int left,
        int bottom,
        int right) {

    /** Taps of the kernel. */
    public int taps() {
        return kernelHeight * kernelWidth;
    }

    public boolean hasUnitStride() {
        return strideHeight == 1 && strideWidth == 1;
    }

    /** Height of the output for a height of the input. */
    public int outputHeight(int height) {
        return (height + top + bottom - reach(kernelHeight, dilationHeight)) / strideHeight + 1;
    }

    /** Width of the output for a width of the input. */
    public int outputWidth(int width) {
        return (width + left + right - reach(kernelWidth, dilationWidth)) / strideWidth + 1;
    }

    /** Pixels that a kernel spans in one direction. */
    public static int reach(int kernel, int dilation) {
        return (kernel - 1) * dilation + 1;
    }

    public long[] strides() {
        return new long[] {strideHeight, strideWidth};
    }

    /** Dilations as oneDNN counts them: pixels left out between two taps. */
    public long[] gaps() {
        return new long[] {dilationHeight - 1, dilationWidth - 1};
    }

    public long[] kernel() {
        return new long[] {kernelHeight, kernelWidth};
    }

    public long[] before() {
        return new long[] {top, left};
    }

    public long[] after() {
        return new long[] {bottom, right};
    }

    /** The same window over an image that has these zeros around it already. */
    public Window withoutPadding(int rowsAbove, int columnsBefore, int rowsBelow, int columnsBehind) {
        return new Window(
                kernelHeight,
                kernelWidth,
                strideHeight,
                strideWidth,
                dilationHeight,
                dilationWidth,
                top - rowsAbove,
                left - columnsBefore,
                bottom - rowsBelow,
                right - columnsBehind);
    }

    @Override
    public String toString() {
        return kernelHeight + "x" + kernelWidth + (hasUnitStride() ? "" : " by " + strideHeight + "x" + strideWidth);
    }
}

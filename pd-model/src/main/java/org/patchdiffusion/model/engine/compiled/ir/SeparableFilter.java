package org.patchdiffusion.model.engine.compiled.ir;

/** A square filter as the outer product of its vertical and its horizontal part. */
public record SeparableFilter(float[] vertical, float[] horizontal) {
    private static final double TOLERANCE = 1e-6;

    /** Factors a row-major kernel; null if it is no outer product. */
    public static SeparableFilter of(float[] kernel, int size) {
        int pivot = 0;
        for (int i = 1; i < kernel.length; i++) {
            pivot = Math.abs(kernel[i]) > Math.abs(kernel[pivot]) ? i : pivot;
        }
        float largest = kernel[pivot];
        float[] vertical = new float[size];
        float[] horizontal = new float[size];
        for (int i = 0; i < size; i++) {
            vertical[i] = kernel[i * size + pivot % size] / largest;
            horizontal[i] = kernel[pivot / size * size + i];
        }
        for (int i = 0; i < kernel.length; i++) {
            double product = (double) vertical[i / size] * horizontal[i % size];
            if (!(Math.abs(kernel[i] - product) <= TOLERANCE * Math.abs(largest))) {
                return null;
            }
        }
        return new SeparableFilter(vertical, horizontal);
    }

    public int size() {
        return vertical.length;
    }

    /** The filter of the backward pass: both parts turned round. */
    public SeparableFilter reversed() {
        return new SeparableFilter(reversed(vertical), reversed(horizontal));
    }

    private static float[] reversed(float[] taps) {
        float[] result = new float[taps.length];
        for (int i = 0; i < taps.length; i++) {
            result[i] = taps[taps.length - 1 - i];
        }
        return result;
    }
}

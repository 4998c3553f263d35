package org.patchdiffusion.model.engine.compiled;

import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * Tells whether the parameters changed since the last look: a polynomial hash modulo 2³² of each of 1,024 interleaved
 * columns of the buffer. A change goes unseen only if the hashes of all columns that it touches collide.
 */
final class ParameterFingerprint {
    private static final int COLUMNS = 1024;

    private final FloatBuffer parameters;
    private final float[] tile = new float[COLUMNS];
    private final int[] hash = new int[COLUMNS];
    private final int[] bits = new int[COLUMNS];
    private int[] last;

    ParameterFingerprint(FloatBuffer parameters) {
        this.parameters = parameters;
    }

    /** Whether anything changed since the last call; true at the first one. */
    boolean changed() {
        Arrays.fill(hash, 1);
        int total = parameters.capacity();
        for (int i = 0; i < total; i += COLUMNS) {
            int n = Math.min(COLUMNS, total - i);
            parameters.get(i, tile, 0, n);
            for (int k = 0; k < n; k++) {
                bits[k] = Float.floatToRawIntBits(tile[k]);
            }
            mix(hash, bits, n);
        }
        boolean changed = !Arrays.equals(hash, last);
        last = hash.clone();
        return changed;
    }

    private static void mix(int[] hash, int[] bits, int n) {
        for (int k = 0; k < n; k++) {
            hash[k] = hash[k] * 0x01000193 + bits[k];
        }
    }
}

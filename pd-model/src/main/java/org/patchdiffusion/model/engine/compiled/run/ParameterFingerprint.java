package org.patchdiffusion.model.engine.compiled.run;

import java.util.Arrays;
import org.patchdiffusion.model.engine.compiled.kernel.Floats;

/**
 * Tells whether the parameters changed since they were last taken over: a 32-bit hash of each of 1,024 interleaved columns of
 * the buffer, mixed after every number so that changes of the same bits do not cancel. A change goes unseen only if the
 * hashes of all columns that it touches collide.
 */
final class ParameterFingerprint {
    private static final int COLUMNS = 1024;

    private final Floats parameters;
    private final float[] tile = new float[COLUMNS];
    private final int[] hash = new int[COLUMNS];
    private final int[] bits = new int[COLUMNS];
    private int[] last;

    ParameterFingerprint(Floats parameters) {
        this.parameters = parameters;
    }

    /** Whether anything changed since {@link #accept}; true before the first one. */
    boolean changed() {
        Arrays.fill(hash, 1);
        long total = parameters.count();
        for (long i = 0; i < total; i += COLUMNS) {
            int n = (int) Math.min(COLUMNS, total - i);
            parameters.get(i, tile, 0, n);
            for (int k = 0; k < n; k++) {
                bits[k] = Float.floatToRawIntBits(tile[k]);
            }
            mix(hash, bits, n);
        }
        return !Arrays.equals(hash, last);
    }

    /** Takes what {@link #changed} last saw as known. */
    void accept() {
        last = hash.clone();
    }

    /** Forgets what is known. */
    void forget() {
        last = null;
    }

    private static void mix(int[] hash, int[] bits, int n) {
        for (int k = 0; k < n; k++) {
            int h = (hash[k] ^ bits[k]) * 0x7feb352d;
            hash[k] = h ^ (h >>> 15);
        }
    }
}

package org.patchdiffusion.model.engine;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Dropout masks by counter: an element is a pure function of (seed, step, layer, image, place), so that no mask has to be
 * stored, and the backward pass draws again what the forward pass drew.
 *
 * <p>The key of an image is mixed in 64 bits by the finaliser of SplitMix64 (Steele, Lea and Flood 2014). An element hashes
 * its place with both halves of the key, by the 32-bit mixers "lowbias32" and "triple32" (C. Wellons, Hash Prospector):
 * additions, shifts and products of {@code int} only, in loops that the JVM turns into vector code. The place is the
 * row-major index within one image, so the mask of an image depends neither on the memory layout nor on the number of
 * threads; the image is the index in the batch, and the layer that in {@link Graph#dropouts}.
 */
public final class DropoutMask {
    private static final long GOLDEN_64 = 0x9E3779B97F4A7C15L;
    private static final int GOLDEN_32 = 0x9E3779B1;
    private static final int HASH_BITS = 24;
    private static final int TILE = 1024;

    private DropoutMask() {}

    /**
     * The key of an image's mask; {@code (int) key} and {@code (int) (key >>> 32)} are the two halves that {@link #bits} and
     * {@link #apply} take.
     */
    public static long key(long seed, long step, int layer, int image) {
        return mix(mix(mix(mix(seed + GOLDEN_64) + step) + layer) + image);
    }

    private static long mix(long z) {
        long x = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        x = (x ^ x >>> 27) * 0x94D049BB133111EBL;
        return x ^ x >>> 31;
    }

    /** An element is dropped if its hash of 24 bits is below this number. */
    public static int threshold(double rate) {
        return (int) Math.round(rate * (1 << HASH_BITS));
    }

    /** What the elements that stay are multiplied with: 1 / (1 - rate). */
    public static float scale(double rate) {
        return (float) (1 / (1 - rate));
    }

    /**
     * Mask elements as float bits, the form that is vectorised: {@code bits[i]} is 0, or those of {@code scale}.
     *
     * @param places row-major index of each element within its image, less {@code add}
     * @param n how many elements, at most the length of the arrays
     */
    public static void bits(int key0, int key1, int threshold, float scale, int[] places, int add, int[] bits, int n) {
        int kept = Float.floatToRawIntBits(scale);
        int last = threshold - 1;
        for (int i = 0; i < n; i++) {
            int h = (places[i] + add) * GOLDEN_32 ^ key0;
            h ^= h >>> 16;
            h *= 0x7feb352d;
            h ^= h >>> 15;
            h *= 0x846ca68b;
            h ^= h >>> 16;
            h ^= key1;
            h *= 0xac4c1b51;
            h ^= h >>> 15;
            h *= 0x31848bab;
            h ^= h >>> 14;
            // Negative, so all ones after the shift, if the hash is at least the threshold.
            bits[i] = last - (h >>> 8) >> 31 & kept;
        }
    }

    /**
     * Multiplies with the mask: {@code out[i]} is {@code x[i]} times the scale, or times 0 where the element is dropped.
     * Allocates; kernels use {@link #bits} with memory of their own.
     *
     * @param places row-major index of each element within its image, less {@code add}
     * @param out may be {@code x}
     * @param n how many elements, at most the length of the arrays
     */
    public static void apply(
            int key0, int key1, int threshold, float scale, int[] places, int add, float[] x, float[] out, int n) {
        int[] bits = new int[n];
        bits(key0, key1, threshold, scale, places, add, bits, n);
        for (int i = 0; i < n; i++) {
            out[i] = x[i] * Float.intBitsToFloat(bits[i]);
        }
    }

    /**
     * Fills an array with a stretch of one image's mask.
     *
     * @param image index in the batch
     * @param firstPlace row-major index, within the image, of {@code out[0]}
     * @param n how many elements, at most the length of the array
     */
    public static void fill(
            long seed, long step, int layer, int image, double rate, int firstPlace, float[] out, int n) {
        long key = key(seed, step, layer, image);
        int[] places = new int[Math.min(n, TILE)];
        Arrays.setAll(places, i -> i);
        int[] bits = new int[places.length];
        for (int from = 0; from < n; from += TILE) {
            int count = Math.min(TILE, n - from);
            bits((int) key, (int) (key >>> 32), threshold(rate), scale(rate), places, firstPlace + from, bits, count);
            for (int i = 0; i < count; i++) {
                out[from + i] = Float.intBitsToFloat(bits[i]);
            }
        }
    }

    /**
     * Fills the masks of a whole batch.
     *
     * @param mask row-major float32 array {@code [B, ...]}
     */
    public static void fill(long seed, long step, int layer, double rate, INDArray mask) {
        fill(seed, step, layer, 0, rate, mask);
    }

    /** The same for a part of a batch that begins at its image {@code first}. */
    static void fill(long seed, long step, int layer, int first, double rate, INDArray mask) {
        long batch = mask.size(0);
        int perImage = Math.toIntExact(mask.length() / batch);
        INDArray images = mask.reshape('c', batch, perImage);
        float[] values = new float[perImage];
        for (int image = 0; image < batch; image++) {
            fill(seed, step, layer, first + image, rate, 0, values, perImage);
            try (INDArray copy = Nd4j.createFromArray(values)) {
                images.get(NDArrayIndex.point(image), NDArrayIndex.all()).assign(copy);
            }
        }
    }
}

package org.patchdiffusion.data;

/**
 * The endless order in which images are shown: each epoch is a random permutation of all images, and the image at any
 * position is a pure function of (seed, position). The permutation of the latest epoch asked for is kept, so positions
 * are cheap to ask in order. Not thread-safe.
 */
final class ShuffledOrder {

    private final long seed;
    private final int size;
    private long epoch = -1;
    private int[] permutation;

    /** @param size number of images, at least 1 */
    ShuffledOrder(long seed, int size) {
        if (size < 1) {
            throw new IllegalArgumentException("an order needs at least one image, got " + size);
        }
        this.seed = seed;
        this.size = size;
    }

    /** The image at a position of the order, 0 or more. */
    int imageAt(long position) {
        long wanted = position / size;
        if (wanted != epoch) {
            permutation = shuffle(size, RandomStream.of(seed, Purpose.ORDER, wanted, 0));
            epoch = wanted;
        }
        return permutation[(int) (position % size)];
    }

    /** A uniformly random permutation of 0 to size - 1 (Fisher and Yates). */
    static int[] shuffle(int size, RandomStream random) {
        int[] permutation = new int[size];
        for (int i = 0; i < size; i++) {
            int j = random.nextInt(i + 1);
            permutation[i] = permutation[j];
            permutation[j] = i;
        }
        return permutation;
    }
}

package org.patchdiffusion.data.stats;

import java.util.Arrays;
import org.patchdiffusion.data.Purpose;
import org.patchdiffusion.data.RandomStream;

/** Some images of a data set, chosen at random. */
final class Sample {

    private Sample() {}

    /** At most {@code count} of the numbers from 0 to size - 1, in ascending order; a function of its arguments. */
    static int[] of(int size, int count, long seed) {
        int[] indices = new int[size];
        Arrays.setAll(indices, i -> i);
        if (count >= size) {
            return indices;
        }
        RandomStream random = RandomStream.of(seed, Purpose.SUBSET, 0, 0);
        for (int i = 0; i < count; i++) {
            int j = i + random.nextInt(size - i);
            int chosen = indices[j];
            indices[j] = indices[i];
            indices[i] = chosen;
        }
        return Arrays.stream(indices, 0, count).sorted().toArray();
    }
}

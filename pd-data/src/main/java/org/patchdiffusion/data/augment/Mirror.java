package org.patchdiffusion.data.augment;

/** The pixels beyond an edge: the image mirrored at the centre of its first and last pixel. */
final class Mirror {

    private Mirror() {}

    /** The pixel of an axis of {@code size} pixels that is seen at any {@code index}, also a negative one. */
    static int inside(int index, int size) {
        if (size == 1) {
            return 0;
        }
        int period = 2 * size - 2;
        int place = Math.floorMod(index, period);
        return place < size ? place : period - place;
    }
}

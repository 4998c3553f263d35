package org.patchdiffusion.data.source;

/**
 * What an image file says beside its pixels about how to show them.
 *
 * @param orientation EXIF orientation, 1 (upright) to 8
 * @param profile ICC profile of the samples, empty if there is none
 */
record ImageMetadata(int orientation, byte[] profile) {

    static final int MAX_PROFILE_BYTES = 8 << 20;

    /** Upright, without a profile. */
    static final ImageMetadata NONE = new ImageMetadata(1, new byte[0]);

    private static final int LAST_ORIENTATION = 8;

    /** Other orientations than 1 to 8 mean nothing and count as upright. */
    ImageMetadata withOrientation(int value) {
        return new ImageMetadata(value >= 1 && value <= LAST_ORIENTATION ? value : 1, profile);
    }

    ImageMetadata withProfile(byte[] bytes) {
        return new ImageMetadata(orientation, bytes);
    }

    /** Whether rows and columns change places. */
    boolean turned() {
        return orientation > 4;
    }
}

package org.patchdiffusion.data.source;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Finds two values in the first directory of a TIFF structure, which is also what EXIF data consist of. */
final class TiffTags {

    private static final int HEADER = 8;
    private static final int ENTRY = 12;
    private static final int ORIENTATION = 0x0112;
    private static final int ICC_PROFILE = 0x8773;
    private static final int TYPE_SHORT = 3;

    private TiffTags() {}

    /** What the structure says; what cannot be read counts as absent. */
    static ImageMetadata read(byte[] bytes, int start, int length) {
        ImageMetadata found = ImageMetadata.NONE;
        if (length < HEADER || start + length > bytes.length) {
            return found;
        }
        ByteBuffer tiff = ByteBuffer.wrap(bytes, start, length).slice();
        tiff.order(tiff.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        long directory = tiff.getInt(4) & 0xFFFFFFFFL;
        if (directory + 2 > length) {
            return found;
        }
        int count = tiff.getShort((int) directory) & 0xFFFF;
        for (int i = 0; i < count; i++) {
            long at = directory + 2 + (long) i * ENTRY;
            if (at + ENTRY > length) {
                break;
            }
            found = entry(tiff, (int) at, found);
        }
        return found;
    }

    private static ImageMetadata entry(ByteBuffer tiff, int at, ImageMetadata known) {
        int tag = tiff.getShort(at) & 0xFFFF;
        int type = tiff.getShort(at + 2);
        long count = tiff.getInt(at + 4) & 0xFFFFFFFFL;
        if (tag == ORIENTATION && type == TYPE_SHORT && count == 1) {
            return known.withOrientation(tiff.getShort(at + 8));
        }
        long offset = tiff.getInt(at + 8) & 0xFFFFFFFFL;
        if (tag == ICC_PROFILE && count <= ImageMetadata.MAX_PROFILE_BYTES && offset + count <= tiff.limit()) {
            int from = tiff.arrayOffset() + (int) offset;
            return known.withProfile(Arrays.copyOfRange(tiff.array(), from, from + (int) count));
        }
        return known;
    }
}

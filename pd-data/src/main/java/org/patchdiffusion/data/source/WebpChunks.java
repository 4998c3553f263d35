package org.patchdiffusion.data.source;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Walks through the chunks of a WebP file for orientation and profile. */
final class WebpChunks {

    private static final int HEADER = 12;
    private static final int FRAME = 8;

    private WebpChunks() {}

    static ImageMetadata read(byte[] file) {
        ImageMetadata found = ImageMetadata.NONE;
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        long at = HEADER;
        while (at + FRAME <= file.length) {
            int length = in.getInt((int) at + 4);
            int body = (int) at + FRAME;
            if (length < 0 || length > file.length - body) {
                break;
            }
            String type = new String(file, (int) at, 4, StandardCharsets.ISO_8859_1);
            if (type.equals("ICCP") && length <= ImageMetadata.MAX_PROFILE_BYTES) {
                found = found.withProfile(Arrays.copyOfRange(file, body, body + length));
            } else if (type.equals("EXIF")) {
                found = found.withOrientation(exif(file, body, length).orientation());
            }
            at = (long) body + length + (length & 1);
        }
        return found;
    }

    /** Some writers put the six bytes in front that JPEG needs. */
    private static ImageMetadata exif(byte[] file, int body, int length) {
        int extra = length > 6 && file[body] == 'E' && file[body + 1] == 'x' ? 6 : 0;
        return TiffTags.read(file, body + extra, length - extra);
    }
}

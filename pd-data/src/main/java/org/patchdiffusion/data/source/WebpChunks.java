package org.patchdiffusion.data.source;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Walks through the chunks of a WebP file (RFC 9649, section 2) for orientation and profile. */
final class WebpChunks {

    private static final int HEADER = 12;
    private static final int FRAME = 8;
    private static final int HAS_PROFILE = 0x20;

    private WebpChunks() {}

    /** A chunk: its type, and where its content lies. */
    private record Chunk(String type, int body, int length) {}

    private static List<Chunk> chunks(byte[] file) {
        List<Chunk> chunks = new ArrayList<>();
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        long at = HEADER;
        while (at + FRAME <= file.length) {
            int length = in.getInt((int) at + 4);
            int body = (int) at + FRAME;
            if (length < 0 || length > file.length - body) {
                break;
            }
            chunks.add(new Chunk(new String(file, (int) at, 4, StandardCharsets.ISO_8859_1), body, length));
            at = (long) body + length + (length & 1);
        }
        return chunks;
    }

    static ImageMetadata read(byte[] file) {
        ImageMetadata found = ImageMetadata.NONE;
        for (Chunk chunk : chunks(file)) {
            if (chunk.type.equals("ICCP") && chunk.length <= ImageMetadata.MAX_PROFILE_BYTES) {
                found = found.withProfile(Arrays.copyOfRange(file, chunk.body, chunk.body + chunk.length));
            } else if (chunk.type.equals("EXIF")) {
                found = found.withOrientation(
                        exif(file, chunk.body, chunk.length).orientation());
            }
        }
        return found;
    }

    /**
     * The file without its profile, which the reader of the pixels would apply on its own: the flag that announces one is
     * cleared, and the chunk bears a name that nobody knows.
     */
    static byte[] withoutProfile(byte[] file) {
        byte[] without = file;
        for (Chunk chunk : chunks(file)) {
            if (chunk.type.equals("ICCP")) {
                without = without == file ? file.clone() : without;
                without[chunk.body - FRAME] = 'x';
            } else if (chunk.type.equals("VP8X") && chunk.length > 0 && (file[chunk.body] & HAS_PROFILE) != 0) {
                without = without == file ? file.clone() : without;
                without[chunk.body] &= ~HAS_PROFILE;
            }
        }
        return without;
    }

    /** Some writers put the six bytes in front that JPEG needs. */
    private static ImageMetadata exif(byte[] file, int body, int length) {
        int extra = length > 6 && file[body] == 'E' && file[body + 1] == 'x' ? 6 : 0;
        return TiffTags.read(file, body + extra, length - extra);
    }
}

package org.patchdiffusion.data.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Walks through the chunks of a PNG file (ISO/IEC 15948), which readers of pixels pass over. */
final class PngChunks {

    private static final int SIGNATURE = 8;
    private static final int FRAME = 12;
    private static final int FIRST_BUFFER = 1 << 14;

    private PngChunks() {}

    /**
     * Reads orientation and profile, and checks the chunks that hold the picture.
     *
     * @throws IOException if one of those is damaged; the message continues a sentence
     */
    static ImageMetadata read(byte[] file) throws IOException {
        ImageMetadata found = ImageMetadata.NONE;
        ByteBuffer in = ByteBuffer.wrap(file);
        int at = SIGNATURE;
        while (at + FRAME <= file.length) {
            int length = in.getInt(at);
            if (length < 0 || length > file.length - at - FRAME) {
                break; // Cut short: the reader of the pixels tells whether any are missing.
            }
            String type = new String(file, at + 4, 4, StandardCharsets.ISO_8859_1);
            switch (type) {
                case "IHDR", "PLTE", "IDAT", "tRNS" -> requireChecksum(in, at, length, type);
                case "iCCP" -> found = found.withProfile(profile(file, at + 8, length));
                case "eXIf" -> found = found.withOrientation(
                        TiffTags.read(file, at + 8, length).orientation());
                default -> {}
            }
            at += FRAME + length;
        }
        return found;
    }

    private static void requireChecksum(ByteBuffer in, int at, int length, String type) throws IOException {
        CRC32 crc = new CRC32();
        crc.update(in.array(), at + 4, length + 4);
        if ((int) crc.getValue() != in.getInt(at + 8 + length)) {
            throw new IOException("is damaged (the checksum of its " + type + " data is wrong)");
        }
    }

    /** The profile behind a name and a zero byte and the number of the compression; empty if it is damaged. */
    private static byte[] profile(byte[] file, int start, int length) {
        int end = start + length;
        int at = start;
        while (at < end && file[at] != 0) {
            at++;
        }
        return at + 2 >= end ? new byte[0] : inflate(file, at + 2, end - at - 2);
    }

    private static byte[] inflate(byte[] file, int start, int length) {
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(file, start, length);
            byte[] out = new byte[FIRST_BUFFER];
            int size = 0;
            while (!inflater.finished()) {
                if (size == out.length) {
                    if (size >= ImageMetadata.MAX_PROFILE_BYTES) {
                        return new byte[0];
                    }
                    out = Arrays.copyOf(out, 2 * size);
                }
                int got = inflater.inflate(out, size, out.length - size);
                if (got == 0 && (inflater.needsInput() || inflater.needsDictionary())) {
                    return new byte[0];
                }
                size += got;
            }
            return Arrays.copyOf(out, size);
        } catch (DataFormatException e) {
            // A damaged profile does not spoil the picture: it is shown without one.
            return new byte[0];
        } finally {
            inflater.end();
        }
    }
}

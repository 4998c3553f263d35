package org.patchdiffusion.data.source;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * The segments of a JPEG file (ITU-T T.81) before and between its scans.
 *
 * @param metadata orientation from EXIF and ICC profile
 * @param components number of colour components, 0 if no frame was found
 * @param scans number of scans
 */
record JpegSegments(ImageMetadata metadata, int components, int scans) {

    private static final byte[] EXIF = "Exif\0\0".getBytes(StandardCharsets.ISO_8859_1);
    private static final byte[] ICC = "ICC_PROFILE\0".getBytes(StandardCharsets.ISO_8859_1);
    private static final int ICC_HEAD = ICC.length + 2;
    private static final int APP1 = 0xE1;
    private static final int APP2 = 0xE2;
    private static final int START_OF_SCAN = 0xDA;
    private static final int END_OF_IMAGE = 0xD9;

    static JpegSegments read(byte[] file) {
        ImageMetadata found = ImageMetadata.NONE;
        Map<Integer, byte[]> profile = new TreeMap<>();
        int components = 0;
        int scans = 0;
        for (int at = next(file, 2); at >= 0; at = next(file, after(file, at))) {
            int marker = file[at + 1] & 0xFF;
            int length = length(file, at);
            int body = at + 4;
            if (marker == END_OF_IMAGE) {
                break;
            } else if (marker == START_OF_SCAN) {
                scans++;
            } else if (isFrame(marker) && length >= 8 && body + 6 <= file.length) {
                components = file[body + 5] & 0xFF;
            } else if (marker == APP1 && holds(file, body, length, EXIF)) {
                found = found.withOrientation(
                        TiffTags.read(file, body + EXIF.length, Math.min(length - 2, file.length - body) - EXIF.length)
                                .orientation());
            } else if (marker == APP2 && holds(file, body, length, ICC) && length >= ICC_HEAD + 2) {
                profile.put(file[body + ICC.length] & 0xFF, part(file, body, length));
            }
        }
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        profile.values().forEach(whole::writeBytes);
        return new JpegSegments(found.withProfile(whole.toByteArray()), components, scans);
    }

    /** The file without its ICC profile, which readers would apply, each in its own way. */
    static byte[] withoutProfile(byte[] file) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(file.length);
        int copied = 0;
        for (int at = next(file, 2); at >= 0; at = next(file, after(file, at))) {
            if ((file[at + 1] & 0xFF) == START_OF_SCAN) {
                break;
            }
            if ((file[at + 1] & 0xFF) == APP2 && holds(file, at + 4, length(file, at), ICC)) {
                out.write(file, copied, at - copied);
                copied = after(file, at);
            }
        }
        out.write(file, copied, file.length - copied);
        return out.toByteArray();
    }

    private static byte[] part(byte[] file, int body, int length) {
        int from = body + ICC_HEAD;
        return Arrays.copyOfRange(file, from, Math.max(from, Math.min(body + length - 2, file.length)));
    }

    private static boolean holds(byte[] file, int body, int length, byte[] name) {
        return length - 2 >= name.length
                && body + name.length <= file.length
                && Arrays.equals(file, body, body + name.length, name, 0, name.length);
    }

    private static boolean isFrame(int marker) {
        return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    }

    /** Index of the next marker's 0xFF, passing over compressed data, stuffed zeros, fill bytes and restarts; -1 if none. */
    private static int next(byte[] file, int from) {
        for (int at = from; at + 1 < file.length; at++) {
            int marker = file[at + 1] & 0xFF;
            if (file[at] == (byte) 0xFF && marker >= 0xC0 && marker != 0xFF && !(marker >= 0xD0 && marker <= 0xD8)) {
                return at;
            }
        }
        return -1;
    }

    private static int after(byte[] file, int at) {
        return (int) Math.min(file.length, (long) at + 2 + length(file, at));
    }

    /** The length that a segment states, its own two bytes included. */
    private static int length(byte[] file, int at) {
        return at + 3 < file.length ? (file[at + 2] & 0xFF) << 8 | file[at + 3] & 0xFF : 0;
    }
}

package org.patchdiffusion.train.report;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;

/**
 * A PNG file, ready to stand in a page.
 *
 * @param width its pixels in a row
 * @param height its rows
 * @param base64 its bytes
 */
record SheetFile(int width, int height, String base64) {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    /** Of the width, after the signature and the head of the first chunk. */
    private static final int WIDTH_AT = 16;

    private static final int HEAD = 24;

    /**
     * Reads the file.
     *
     * @throws IOException if it cannot be read or is no PNG file
     */
    static SheetFile read(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        if (bytes.length < HEAD || !Arrays.equals(SIGNATURE, Arrays.copyOf(bytes, SIGNATURE.length))) {
            throw new IOException(file + " is not a PNG file");
        }
        ByteBuffer head = ByteBuffer.wrap(bytes, WIDTH_AT, Integer.BYTES * 2);
        return new SheetFile(head.getInt(), head.getInt(), Base64.getEncoder().encodeToString(bytes));
    }
}

package org.patchdiffusion.train.checkpoint;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.patchdiffusion.files.AtomicFile;

/**
 * Length and SHA-256 of what a file is to hold.
 *
 * @param bytes length in bytes
 * @param sha256 64 hexadecimal digits, as {@code sha256sum} prints them
 */
record FileChecksum(long bytes, String sha256) {
    private static final int BUFFER = 1 << 16;

    /** Writes a file atomically, and sums what goes to it rather than what arrives. */
    static FileChecksum write(Path file, AtomicFile.Content content) throws IOException {
        MessageDigest digest = sha256Digest();
        long[] count = new long[1];
        AtomicFile.write(file, out -> {
            OutputStream summed = new DigestOutputStream(out, digest);
            content.writeTo(new CountingStream(summed, count));
        });
        return new FileChecksum(count[0], HexFormat.of().formatHex(digest.digest()));
    }

    /** The SHA-256 of a text in UTF-8. */
    static String ofText(String text) {
        return HexFormat.of().formatHex(sha256Digest().digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * Reads a file from the disk to see whether it is as it was written.
     *
     * @throws IOException if it is not, or cannot be read; the message names the file
     */
    void verify(Path file) throws IOException {
        String name = file.getFileName().toString();
        long there = Files.isRegularFile(file) ? Files.size(file) : -1;
        if (there != bytes) {
            throw new IOException(
                    there < 0 ? name + " is missing" : name + " has " + there + " bytes instead of " + bytes);
        }
        MessageDigest digest = sha256Digest();
        try (InputStream in =
                new DigestInputStream(new BufferedInputStream(Files.newInputStream(file), BUFFER), digest)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        if (!HexFormat.of().formatHex(digest.digest()).equals(sha256)) {
            throw new IOException(name + " does not match its checksum");
        }
    }

    private static MessageDigest sha256Digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static final class CountingStream extends OutputStream {
        private final OutputStream out;
        private final long[] count;

        CountingStream(OutputStream out, long[] count) {
            this.out = out;
            this.count = count;
        }

        @Override
        public void write(int b) throws IOException {
            out.write(b);
            count[0]++;
        }

        @Override
        public void write(byte[] b, int offset, int length) throws IOException {
            out.write(b, offset, length);
            count[0] += length;
        }
    }
}

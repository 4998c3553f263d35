package org.patchdiffusion.data;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.function.Consumer;

/** A SHA-256 over values that are each preceded by their length, so that no two sequences look the same. */
final class Fingerprint {

    private final MessageDigest digest;

    private Fingerprint(MessageDigest digest) {
        this.digest = digest;
    }

    /** One to add values to. */
    static Fingerprint begin() {
        try {
            return new Fingerprint(MessageDigest.getInstance("SHA-256"));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java lacks SHA-256, which every Java platform must have", e);
        }
    }

    /** The digest in hexadecimal of what {@code content} adds. */
    static String of(Consumer<Fingerprint> content) {
        Fingerprint fingerprint = begin();
        content.accept(fingerprint);
        return fingerprint.end();
    }

    /** The digest in hexadecimal; nothing may be added after it. */
    String end() {
        return HexFormat.of().formatHex(digest.digest());
    }

    Fingerprint text(String text) {
        return bytes(text.getBytes(StandardCharsets.UTF_8));
    }

    Fingerprint bytes(byte[] bytes) {
        number(bytes.length);
        digest.update(bytes);
        return this;
    }

    Fingerprint number(int number) {
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(number).array());
        return this;
    }
}

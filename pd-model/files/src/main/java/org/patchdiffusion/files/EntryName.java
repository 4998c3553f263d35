package org.patchdiffusion.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import org.apache.commons.compress.archivers.zip.UnicodePathExtraField;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;

/** Names of zip entries: bytes in one of several encodings, with separators of one of two systems. */
final class EntryName {
    /** The code page of MS-DOS, which the format prescribes for names that are not marked as UTF-8. */
    private static final Charset DOS =
            Charset.isSupported("IBM437") ? Charset.forName("IBM437") : StandardCharsets.ISO_8859_1;

    private EntryName() {}

    /**
     * The name of an entry, separated by '/', without empty and {@code .} parts. It ends in '/' for a folder.
     *
     * @throws IOException if the name leads out of the archive or is empty
     */
    static String of(ZipArchiveEntry entry) throws IOException {
        String name = decode(entry).replace('\\', '/');
        List<String> parts = new ArrayList<>();
        for (String part : name.split("/")) {
            if (part.equals("..")) {
                throw escapes(name);
            }
            if (!part.isEmpty() && !part.equals(".")) {
                parts.add(part);
            }
        }
        if (name.startsWith("/") || name.matches("[A-Za-z]:.*")) {
            throw escapes(name);
        }
        return String.join("/", parts) + (name.endsWith("/") ? "/" : "");
    }

    private static IOException escapes(String name) {
        return new IOException("has the entry " + Messages.printable(name) + ", which leads out of the archive");
    }

    private static String decode(ZipArchiveEntry entry) {
        byte[] raw = entry.getRawName();
        // Archivers of the code-page age add the name in UTF-8 in a field of its own, with a checksum of the other.
        if (entry.getExtraField(UnicodePathExtraField.UPATH_ID) instanceof UnicodePathExtraField unicode
                && unicode.getUnicodeName() != null
                && unicode.getNameCRC32() == crc(raw)) {
            return new String(unicode.getUnicodeName(), StandardCharsets.UTF_8);
        }
        // Many write UTF-8 without marking it; other encodings are hardly ever valid UTF-8.
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(raw))
                    .toString();
        } catch (CharacterCodingException e) {
            return new String(raw, DOS);
        }
    }

    private static long crc(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return crc.getValue();
    }
}

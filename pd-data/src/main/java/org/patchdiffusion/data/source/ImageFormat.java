package org.patchdiffusion.data.source;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;

/** The image formats that are read, told by their first bytes whatever the file's ending. */
enum ImageFormat {
    PNG("com.sun.imageio.plugins.png."),
    JPEG("com.sun.imageio.plugins.jpeg."),
    WEBP("com.twelvemonkeys."),
    GIF("com.sun.imageio.plugins.gif."),
    BMP("com.sun.imageio.plugins.bmp."),
    TIFF("com.twelvemonkeys.");

    /** Endings of file names that promise one of the formats. */
    private static final Set<String> ENDINGS =
            Set.of("png", "jpg", "jpeg", "jpe", "jfif", "jif", "webp", "gif", "bmp", "dib", "tif", "tiff");

    /** Names the formats in messages. */
    static final String NAMES = "PNG, JPEG, WebP, GIF, BMP or TIFF";

    private final String plugin;

    ImageFormat(String plugin) {
        this.plugin = plugin;
    }

    /** Whether the ending of a path promises an image. */
    static boolean isPromisedBy(String path) {
        return ENDINGS.contains(ending(path));
    }

    /** The part of a path behind its last dot in lower case, empty if there is none. */
    static String ending(String path) {
        String name = path.substring(path.lastIndexOf('/') + 1);
        int dot = name.lastIndexOf('.');
        return dot <= 0 ? "" : name.substring(dot + 1).toLowerCase(Locale.ROOT);
    }

    /** @throws IOException if the file has none of the formats; the message continues a sentence */
    static ImageFormat of(byte[] file) throws IOException {
        Optional<ImageFormat> format = startingWith(file);
        if (format.isPresent()) {
            return format.get();
        }
        throw new IOException("is not an image of the formats " + NAMES + looksLike(file));
    }

    /** Whether these are the first bytes of an image; a dozen of them are enough. */
    static boolean isStartOf(byte[] head) {
        return startingWith(head).isPresent();
    }

    private static Optional<ImageFormat> startingWith(byte[] file) {
        if (startsWith(file, 0, 0x89, 'P', 'N', 'G')) {
            return Optional.of(PNG);
        }
        if (startsWith(file, 0, 0xFF, 0xD8)) {
            return Optional.of(JPEG);
        }
        if (startsWith(file, 0, 'R', 'I', 'F', 'F') && startsWith(file, 8, 'W', 'E', 'B', 'P')) {
            return Optional.of(WEBP);
        }
        if (startsWith(file, 0, 'G', 'I', 'F', '8')) {
            return Optional.of(GIF);
        }
        if (startsWith(file, 0, 'B', 'M')) {
            return Optional.of(BMP);
        }
        if (startsWith(file, 0, 'I', 'I', 42, 0) || startsWith(file, 0, 'M', 'M', 0, 42)) {
            return Optional.of(TIFF);
        }
        return Optional.empty();
    }

    private static String looksLike(byte[] file) {
        if (file.length == 0) {
            return " (the file is empty)";
        }
        String start = new String(file, 0, Math.min(file.length, 64), StandardCharsets.ISO_8859_1)
                .strip()
                .toLowerCase(Locale.ROOT);
        return start.startsWith("<!doctype html") || start.startsWith("<html") ? " (it is a web page)" : "";
    }

    private static boolean startsWith(byte[] file, int at, int... bytes) {
        if (file.length < at + bytes.length) {
            return false;
        }
        for (int i = 0; i < bytes.length; i++) {
            if (file[at + i] != (byte) bytes[i]) {
                return false;
            }
        }
        return true;
    }

    /** A reader of this format, always of the same plugin, so that other plugins on the class path change nothing. */
    ImageReader reader() throws IOException {
        return reader(plugin);
    }

    /** A reader of a given family of plugins. */
    ImageReader reader(String family) throws IOException {
        Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(name());
        while (readers.hasNext()) {
            ImageReader reader = readers.next();
            if (reader.getClass().getName().startsWith(family)) {
                return reader;
            }
        }
        throw new IOException("is a " + name() + " image, for which the class path has no reader (" + family
                + "*); add the TwelveMonkeys ImageIO plugins");
    }
}
